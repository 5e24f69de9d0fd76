//! An executable specification of the login service: of every answer it says whether it is allowed, and by which sentence
//! of a standard, of the incident reports' inventory, of `core/LIMITS.md` or of `core/MESSAGES.md`.
//!
//! It is written from those documents and not from the service: nothing of `idp` is among its dependencies. It follows the
//! exchanges of a run as their clients saw them. As long as nothing is broken and nobody races, exactly one answer is
//! allowed; trouble, races and answers that never came widen the set, and each widening is counted with its reason, so that
//! the specification is no licence.
//!
//! ```
//! use spec::{Settings, Spec, Troubles, World};
//! let world = World {
//!     issuer: "https://login.example".into(),
//!     epoch_ms: 0,
//!     clients: vec![],
//!     people: vec![],
//!     reminders: vec![],
//!     settings: Settings::default(),
//!     replicas: 2,
//!     operators_port: 9090,
//!     hook: Some("analytics:8088".into()),
//!     mail_from: "login@login.example".into(),
//!     balancer: None,
//!     prints_mails: false,
//! };
//! let report = Spec::new(&world, &Troubles::default()).judge(&[]);
//! assert!(report.violations.is_empty());
//! ```

mod allowed;
mod analytics;
mod audit;
mod authorize;
mod balancer;
mod commands;
mod counter;
mod documents;
mod end_session;
mod endings;
pub mod exchange;
mod expect;
mod failures;
mod form;
mod frame;
mod health;
mod index;
mod judge;
mod keys;
mod limits;
mod lines;
mod log;
mod log_order;
mod mailed_code;
mod mails;
mod messages;
mod pages;
mod reminders;
mod right_code;
mod routes;
mod secret;
mod seen;
mod session;
mod settings;
mod successors;
mod times;
mod token;
mod token_set;
mod twins;
mod userinfo;
mod verify;
mod world;

pub use allowed::{Sizes, Widened};
pub use balancer::is_login;
pub use commands::{Asks, Command, Told};
pub use log_order::{LogLine, ProcessEnd, judge_log};
pub use routes::{Report, Spec, Violation};
pub use secret::{Secret, Shape, Tag};
pub use settings::Settings;
pub use times::Times;
pub use world::{Balancer, Client, Fact, Forgetting, Person, Reminder, Timed, Touches, Trouble, Troubles, World};
