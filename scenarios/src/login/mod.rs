//! The operations, behaviours, observations and faults of all modules, each as one enum, and the options of the world.

mod options;

pub(crate) use options::renew_every;
pub use options::{AccessOption, ClientsTold, HookOption, ReminderOption, StoreOption, WorldOptions};

use crate::{
    analytics, availability, directory, exchange, http, leader, limits, mail, mailed_code, oddities, people,
    redemption, registry, session, store,
};
use idp::{config::Config, replica::Wiring};
use seams::Env;

/// Wraps the parts of a replica each time it boots, or changes its configuration, to plant a bug.
pub type Rewire = fn(&Env, &mut Config, Wiring) -> Wiring;

sim::compose_ops! {
    /// An operation of a person or an attacker: one variant for each module.
    pub enum Op {
        People(people::Op),
        MailedCode(mailed_code::Op),
        Redemption(redemption::Op),
        Session(session::Op),
        Limits(limits::Op),
        Store(store::Op),
    }
}

sim::compose_behaviours! {
    Login,
    /// A behaviour of a person or an attacker as a whole: one variant for each module.
    pub enum Behaviour {
        MailedCode(mailed_code::Behaviour),
        Redemption(redemption::Behaviour),
        Session(session::Behaviour),
        Limits(limits::Behaviour),
        Store(store::Behaviour),
        Availability(availability::Behaviour),
        Directory(directory::Behaviour),
        Oddity(oddities::Behaviour),
        Http(http::Behaviour),
        Registry(registry::Behaviour),
    }
}

sim::compose_observations! {
    Login,
    /// An observation from outside that is not an operation: one variant for each module.
    pub enum Observation {
        Exchange(exchange::Observation),
        MailedCode(mailed_code::Observation),
        Session(session::Observation),
        Limits(limits::Observation),
        Leader(leader::Observation),
        Mail(mail::Observation),
        Directory(directory::Observation),
        Analytics(analytics::Observation),
        Registry(registry::Observation),
        Http(http::Observation),
    }
}

sim::compose_faults! {
    Login,
    /// A fault that only the login service's world has: one variant for each module.
    pub enum OwnFault {
        Mail(mail::Fault),
        Analytics(analytics::Fault),
        Directory(directory::Fault),
    }
}

/// The login service, its world and its people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Login;
