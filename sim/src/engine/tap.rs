//! A copy of what goes over the wire, for whoever wants to draw it. It changes nothing in the run.

use super::{HostId, flow::Flow};
use bytes::Bytes;
use std::collections::BTreeMap;
use turmoil_net::TcpSegment;

/// A segment that carried something: payload, a wish to connect, or a reset. Bare acknowledgements
/// and ends of streams are left out.
#[derive(Debug, Clone)]
pub struct Carried {
    /// When the sender's kernel first sent it, simulated milliseconds.
    pub sent_ms: u64,
    /// When it arrived, simulated milliseconds; `None` if it had not by the end of the run. What was
    /// lost is repeated by TCP: it arrives late.
    pub arrived_ms: Option<u64>,
    /// Who sent it.
    pub from: HostId,
    /// Port of the sender.
    pub from_port: u16,
    /// For whom it was.
    pub to: HostId,
    /// Port of the receiver.
    pub to_port: u16,
    /// What kind of segment it was.
    pub kind: CarriedKind,
    /// What it carried.
    pub payload: Bytes,
}

/// What a segment is there for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CarriedKind {
    /// It carries bytes of the application.
    Data,
    /// It asks for a connection.
    Connect,
    /// It ends a connection at once, or refuses one.
    Reset,
}

/// Keeps copies, by order of sending.
#[derive(Default)]
pub(super) struct Tap {
    carried: BTreeMap<u64, Carried>,
}

impl Tap {
    /// A packet leaves its kernel, for the first time or again.
    pub(super) fn sent(&mut self, now_ms: u64, order: u64, flow: Flow, segment: &TcpSegment) {
        let flags = segment.flags;
        let kind = match (flags.rst, flags.syn && !flags.ack, segment.payload.is_empty()) {
            (true, ..) => CarriedKind::Reset,
            (_, true, _) => CarriedKind::Connect,
            (_, _, false) => CarriedKind::Data,
            _ => return,
        };
        self.carried.entry(order).or_insert_with(|| Carried {
            sent_ms: now_ms,
            arrived_ms: None,
            from: flow.sender(),
            from_port: flow.sender_port(),
            to: flow.receiver(),
            to_port: flow.receiver_port(),
            kind,
            payload: segment.payload.clone(),
        });
    }

    /// A packet reaches its host.
    pub(super) fn arrived(&mut self, now_ms: u64, order: u64) {
        if let Some(carried) = self.carried.get_mut(&order) {
            carried.arrived_ms.get_or_insert(now_ms);
        }
    }

    /// Everything so far, in the order of sending.
    pub(super) fn take(self) -> Vec<Carried> {
        self.carried.into_values().collect()
    }
}
