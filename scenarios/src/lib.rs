//! The suite of the login service: its scenarios, the properties that judge them, and the planted bugs that the
//! properties must detect.

mod access;
pub mod analytics;
pub mod availability;
pub mod catalogue;
pub mod directory;
pub mod exchange;
pub mod fuzz;
pub mod http;
pub mod inventory;
pub mod leader;
pub mod limits;
pub mod login;
pub mod mail;
pub mod mailed_code;
pub mod oddities;
mod operators;
pub mod people;
pub mod planted;
pub mod property;
pub mod real_stack;
pub mod redemption;
pub mod registry;
pub mod scenario;
pub mod service;
pub mod session;
pub mod store;
mod swarm;
pub mod vocabulary;
pub mod world;

use login::Login;
use sim::suite::{Load, Suite};

/// The suite of the login service.
pub fn suite() -> Suite<Login> {
    let suite = Suite::new(
        "squall",
        "Deterministic simulation and chaos testing of a highly available login service",
        "cargo squall",
    );
    let suite = catalogue::all().into_iter().fold(suite, Suite::scenario);
    let suite = planted::all().into_iter().fold(suite, Suite::bug);
    suite
        .built_from(sim::build_identity!())
        .regressions(concat!(env!("CARGO_MANIFEST_DIR"), "/regressions"))
        .load(Load {
            what: "logins",
            people: scenario::Logins::people,
            scenario: "swarm",
        })
        .calm_scenario("calm_day")
        .every_call(availability::one_login::EVERY_CALL)
        .every_call(leader::one_reminder::EVERY_CALL)
        .every_call(limits::one_wrong_code::EVERY_CALL)
        .sizes(service::sizes())
        .account(
            "whether one store explains what the replicas were answered, and if not, by how much",
            |plan, bug| {
                let (run, account) = store::history::listen(plan, bug)?;
                Ok((run, account.to_string()))
            },
        )
}
