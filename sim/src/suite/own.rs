//! A suite's own additions to the command line.

use super::{Conclusion, PlantedBug, Trouble};
use crate::{
    plan::Plan,
    run::{HarnessError, Run},
    service::Service,
};
use clap::ArgMatches;

/// Performs a plan once more, records data that only the service has, and returns a report.
pub type AccountOf<S> = fn(&Plan<S>, Option<&PlantedBug<S>>) -> Result<(Run<S>, String), HarnessError>;

/// The report of `replay --account`: see [`super::Suite::account`].
pub struct Account<S: Service> {
    /// The subject of the report, as a clause: "whether one store explains what the processes saw".
    pub what: &'static str,
    /// The function that makes the report.
    pub of: AccountOf<S>,
}

type RunOwn = Box<dyn Fn(&ArgMatches) -> Result<Conclusion, Trouble> + Send + Sync>;

/// A command that only this suite has: see [`super::Suite::subcommand`].
pub struct OwnCommand {
    pub(crate) command: clap::Command,
    pub(crate) run: RunOwn,
}

impl OwnCommand {
    /// `command` has its name and its description; its options are those of `A`.
    pub(crate) fn new<A: clap::Args + 'static>(
        command: clap::Command,
        run: fn(&A) -> Result<Conclusion, Trouble>,
    ) -> OwnCommand {
        let about = command.get_about().cloned();
        let command = A::augment_args(command);
        OwnCommand {
            command: match about {
                Some(about) => command.about(about.clone()).long_about(about),
                None => command,
            },
            run: Box::new(move |matches| run(&A::from_arg_matches(matches)?)),
        }
    }
}
