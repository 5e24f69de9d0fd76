//! The plans that the classic engine can perform. The others are refused by name; nothing is left out silently.

use crate::{
    engine::{ArrivalOrder, Order},
    fault::Fault,
    plan::Plan,
    service::Service,
};
use thiserror::Error;

/// The largest world that the classic engine performs, in hosts. Each host has a runtime of its own, which is stepped
/// in each tick even if it has nothing to do.
pub const HOSTS_MAX: usize = 16;

/// The reason why the classic engine cannot perform a plan.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Misfit {
    /// It cannot do a fault of the plan.
    #[error(
        "the plan does not fit the classic engine: fault {number} ({fault}, at {at_ms} ms). It can kill and start hosts, cut \
         links both ways, mend them, slow them down and shift clocks: no stop, no power loss, no pause, no slow disk, no \
         cut one way, no loss. Leave out `--engine turmoil`, or that `[[fault]]`"
    )]
    Fault {
        /// The fault's position in the plan file, counted from 1.
        number: usize,
        /// The fault.
        fault: Box<str>,
        /// The fault's time, milliseconds.
        at_ms: u64,
    },
    /// It cannot run tasks in the order of the plan.
    #[error(
        "the plan does not fit the classic engine: its tasks run in an order of their own (order = {order:?}), and there each host \
         has a runtime that runs who was woken first. Leave out `--engine turmoil`, or `order`"
    )]
    Order {
        /// The order of the plan.
        order: Order,
    },
    /// It cannot deliver packets in the order of the plan.
    #[error(
        "the plan does not fit the classic engine: its packets arrive in an order of their own (arrival_order = \
         {arrival_order:?}), and there the network decides the order. Leave out `--engine turmoil`, or `arrival_order`"
    )]
    ArrivalOrder {
        /// The order of arrivals of the plan.
        arrival_order: ArrivalOrder,
    },
    /// The plan's world is too large.
    #[error(
        "the plan does not fit the classic engine: its world has {hosts} hosts ({}), and the classic engine performs at most \
         {HOSTS_MAX}. Leave out `--engine turmoil`, or make `[world]` smaller",
        .names.join(", ")
    )]
    Hosts {
        /// Number of hosts in the world.
        hosts: usize,
        /// Their names.
        names: Vec<String>,
    },
}

/// Whether the classic engine can do a fault.
pub fn can<S: Service>(fault: &Fault<S>) -> bool {
    match fault {
        Fault::Loss { percent, .. } => *percent == 0,
        Fault::Kill { .. }
        | Fault::Start { .. }
        | Fault::Resume { .. } // this engine never pauses a host
        | Fault::Cut { .. }
        | Fault::Mend { .. }
        | Fault::Latency { .. }
        | Fault::LatencySpike { .. }
        | Fault::ClockOffset { .. }
        | Fault::ClockJump { .. }
        | Fault::DiskError { .. }
        | Fault::BadCertificate { .. }
        | Fault::Call(_)
        | Fault::Own(_)
        | Fault::Heal => true,
        _ => false, // every fault that it does not know
    }
}

/// Checks that the classic engine can perform a plan.
///
/// # Errors
/// The first thing in the plan that it cannot do.
pub fn fits<S: Service>(plan: &Plan<S>) -> Result<(), Misfit> {
    if !plan.order.is_first_come() {
        return Err(Misfit::Order { order: plan.order });
    }
    if !plan.arrival_order.is_as_sent() {
        let arrival_order = plan.arrival_order;
        return Err(Misfit::ArrivalOrder { arrival_order });
    }
    let world = S::world(&plan.world);
    let names: Vec<String> = world.hosts().map(|host| host.name().to_owned()).collect();
    let hosts = names.len();
    if hosts > HOSTS_MAX {
        return Err(Misfit::Hosts { hosts, names });
    }
    let misfit = (plan.faults.iter().enumerate()).find(|(_, timed)| !can(&timed.fault));
    match misfit {
        None => Ok(()),
        Some((index, timed)) => Err(Misfit::Fault {
            number: index + 1,
            fault: timed.fault.to_string().into(),
            at_ms: timed.at_ms,
        }),
    }
}
