//! A suite: all scenarios and planted bugs of a service, as one value for the harness.

mod conclusion;
mod own;

pub use conclusion::{Conclusion, Trouble};
pub use own::{Account, AccountOf, OwnCommand};

use crate::{
    calls::CallStory,
    scenario::{Scenario, Workload},
    service::Service,
};
use std::path::PathBuf;
use thiserror::Error;

/// A bug that can be switched on, and that a property must detect.
#[derive(Clone, Copy)]
pub struct PlantedBug<S: Service> {
    /// Its name, as people type it.
    pub name: &'static str,
    /// The mistake, in one clause.
    pub title: &'static str,
    /// Rows of the inventory that it is about, if there is an inventory.
    pub covers: &'static [u8],
    /// The scenario in which it must be detected.
    pub scenario: &'static str,
    /// The property that must detect it.
    pub detected_by: &'static str,
    /// The change that makes the mistake.
    pub bug: S::Bug,
}

/// How many digits of a build's identity are shown and compared.
const BUILD_DIGITS: usize = 12;

/// The identity that the build script reports if it could not find one.
const UNKNOWN_BUILD: &str = "unknown";

/// The identity of the build, which the package's build script has found; for [`suite::Suite::built_from`]. It needs
/// `build-identity` among the build-dependencies, and `fn main() { build_identity::emit(); }` as the package's
/// `build.rs`.
///
/// [`suite::Suite::built_from`]: crate::suite::Suite::built_from
#[macro_export]
macro_rules! build_identity {
    () => {
        env!(
            "SIM_BUILD_IDENTITY",
            "the package has no build script that finds its identity: add the build-dependency `build-identity`, and a \
             build.rs with `fn main() { build_identity::emit(); }`"
        )
    };
}

/// Scenarios, planted bugs and regressions of one service. [`Suite::main`] is its command line.
pub struct Suite<S: Service> {
    /// Name of its binary: `seats`.
    pub name: &'static str,
    /// A clause without a full stop that says what is simulated and tested.
    pub about: &'static str,
    /// The command that starts its binary, as in the lines that replay a failure: `cargo run -p seats --`.
    pub command: &'static str,
    /// The identity of its build: see [`Suite::built_from`].
    pub(crate) build: Option<&'static str>,
    scenarios: Vec<Scenario<S>>,
    bugs: Vec<PlantedBug<S>>,
    /// The folder of regressions, if there is one.
    pub regressions: Option<PathBuf>,
    /// The load for `bench`.
    pub load: Option<Load<S>>,
    /// Worlds of several sizes for `bench`, each with its name.
    pub(crate) sizes: Vec<(&'static str, S::World)>,
    /// A scenario with few faults, which `bench` measures unchanged.
    pub(crate) calm: Option<&'static str>,
    call_stories: Vec<CallStory>,
    pub(crate) account: Option<Account<S>>,
    pub(crate) commands: Vec<OwnCommand>,
}

/// A steady load for `bench`: people who all do the same kind of work.
#[derive(Clone)]
pub struct Load<S: Service> {
    /// The name of the work in the plural: `purchases`.
    pub what: &'static str,
    /// The workload of this number of people.
    pub people: fn(count: usize) -> Workload<S>,
    /// The scenario whose world is used.
    pub scenario: &'static str,
}

/// No scenario or planted bug has this name.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("there is no {what} {name:?}{}. There are: {}", crate::nearest::suggestion(.near), .known.join(", "))]
pub struct UnknownName {
    /// `scenario` or `planted bug`.
    pub what: &'static str,
    /// The unknown name.
    pub name: String,
    /// The nearest names.
    pub near: Vec<&'static str>,
    /// All names.
    pub known: Vec<&'static str>,
}

impl<S: Service> Suite<S> {
    /// An empty suite. `command` starts its binary: `cargo run -p seats --`.
    pub fn new(name: &'static str, about: &'static str, command: &'static str) -> Suite<S> {
        Suite {
            name,
            about,
            command,
            build: None,
            scenarios: vec![],
            bugs: vec![],
            regressions: None,
            load: None,
            sizes: vec![],
            calm: None,
            call_stories: vec![],
            account: None,
            commands: vec![],
        }
    }

    /// Adds a scenario.
    ///
    /// # Panics
    /// Another scenario has this name.
    #[must_use]
    pub fn scenario(mut self, scenario: Scenario<S>) -> Suite<S> {
        let is_new = self.scenarios.iter().all(|other| other.name() != scenario.name());
        assert!(is_new, "there are two scenarios {}", scenario.name());
        self.scenarios.push(scenario);
        self
    }

    /// Adds a planted bug.
    ///
    /// # Panics
    /// Another planted bug has this name, its scenario does not exist, or the scenario does not have the property that
    /// must detect it.
    #[must_use]
    pub fn bug(mut self, bug: PlantedBug<S>) -> Suite<S> {
        assert!(
            self.bugs.iter().all(|other| other.name != bug.name),
            "there are two bugs {}",
            bug.name
        );
        let scenario = self
            .find_scenario(bug.scenario)
            .unwrap_or_else(|error| panic!("{}: {error}", bug.name));
        let claims = scenario.claims();
        let is_claimed = claims.iter().any(|claim| claim == bug.detected_by);
        assert!(
            is_claimed || crate::run::IN_EVERY_RUN.contains(&bug.detected_by),
            "{}: {} does not claim {}; it claims {}",
            bug.name,
            bug.scenario,
            bug.detected_by,
            claims.join(", ")
        );
        self.bugs.push(bug);
        self
    }

    /// Sets the identity of the build: `.built_from(sim::build_identity!())`. Sweeps, plans and replay lines name it, a
    /// replay on another build reports the difference, and shards of two builds are not merged. Without it the build is
    /// unknown, and shards are merged only with `--partial`.
    #[must_use]
    pub fn built_from(self, identity: &'static str) -> Suite<S> {
        // The identity is equal on all machines and in all folders, so its first digits suffice, which people can read.
        let short = identity.get(..BUILD_DIGITS).unwrap_or(identity);
        let build = (identity != UNKNOWN_BUILD).then_some(short);
        Suite { build, ..self }
    }

    /// Sets the folder of regressions. A relative path is relative to the folder of `Cargo.lock`.
    #[must_use]
    pub fn regressions(self, folder: impl Into<PathBuf>) -> Suite<S> {
        Suite {
            regressions: Some(folder.into()),
            ..self
        }
    }

    /// Sets the load for `bench`.
    ///
    /// # Panics
    /// Its scenario does not exist.
    #[must_use]
    pub fn load(self, load: Load<S>) -> Suite<S> {
        let scenario = self.find_scenario(load.scenario);
        scenario.unwrap_or_else(|error| panic!("the load of `bench`: {error}"));
        Suite {
            load: Some(load),
            ..self
        }
    }

    /// Sets worlds of several sizes, the smallest first, each with a name (`2 replicas`). `bench` shows the cost of
    /// each under the same load.
    #[must_use]
    pub fn sizes(self, sizes: Vec<(&'static str, S::World)>) -> Suite<S> {
        Suite { sizes, ..self }
    }

    /// Sets a scenario with few faults, which `bench` measures unchanged.
    ///
    /// # Panics
    /// The scenario does not exist.
    #[must_use]
    pub fn calm_scenario(self, name: &'static str) -> Suite<S> {
        self.find_scenario(name)
            .unwrap_or_else(|error| panic!("the calm scenario of `bench`: {error}"));
        Suite {
            calm: Some(name),
            ..self
        }
    }

    /// Adds a calm scenario that `calls` performs once for each call of its processes and each way in which that call
    /// can go wrong.
    ///
    /// # Panics
    /// Its scenario does not exist.
    #[must_use]
    pub fn every_call(mut self, story: CallStory) -> Suite<S> {
        self.find_scenario(story.scenario)
            .unwrap_or_else(|error| panic!("a story of `calls`: {error}"));
        self.call_stories.push(story);
        self
    }

    /// Sets the report of `replay --account`. `what` is a clause ("whether one store explains what the processes saw").
    /// `of` performs the plan once more, records data that only this service has, and returns a report. The run must be
    /// the same one: its fingerprint is compared.
    #[must_use]
    pub fn account(self, what: &'static str, of: AccountOf<S>) -> Suite<S> {
        Suite {
            account: Some(Account { what, of }),
            ..self
        }
    }

    /// Adds a command of this service's own, beside those of the harness. `command` has its name and its description;
    /// its options are those of `A`.
    ///
    /// ```ignore
    /// suite.subcommand(clap::Command::new("redis").about("Serves the simulated Redis over real TCP"), serve::redis)
    /// ```
    #[must_use]
    pub fn subcommand<A: clap::Args + 'static>(
        mut self,
        command: clap::Command,
        run: fn(&A) -> Result<Conclusion, Trouble>,
    ) -> Suite<S> {
        self.commands.push(OwnCommand::new(command, run));
        self
    }

    /// All scenarios, in the order in which they were declared.
    pub fn scenarios(&self) -> &[Scenario<S>] {
        &self.scenarios
    }

    /// The scenarios of `calls`, in the order in which they were declared.
    pub fn call_stories(&self) -> &[CallStory] {
        &self.call_stories
    }

    /// All planted bugs, in the order in which they were declared.
    pub fn bugs(&self) -> &[PlantedBug<S>] {
        &self.bugs
    }

    /// The scenario of this name.
    ///
    /// # Errors
    /// There is none; the error lists the existing names.
    pub fn find_scenario(&self, name: &str) -> Result<&Scenario<S>, UnknownName> {
        let found = self.scenarios.iter().find(|scenario| scenario.name() == name);
        found.ok_or_else(|| unknown("scenario", name, self.scenarios.iter().map(Scenario::name).collect()))
    }

    /// The planted bug of this name.
    ///
    /// # Errors
    /// There is none; the error lists the existing names.
    pub fn find_bug(&self, name: &str) -> Result<&PlantedBug<S>, UnknownName> {
        let found = self.bugs.iter().find(|bug| bug.name == name);
        found.ok_or_else(|| unknown("planted bug", name, self.bugs.iter().map(|bug| bug.name).collect()))
    }
}

impl<S: Service> Suite<S> {
    /// The swarm scenario, if there is one: the first that takes any plan.
    pub(crate) fn swarm(&self) -> Option<&Scenario<S>> {
        self.scenarios.iter().find(|scenario| scenario.takes_any_plan())
    }

    /// The name of compound operations in the plural: `purchases`.
    pub(crate) fn whole_operations(&self) -> &'static str {
        self.load.as_ref().map_or("operations", |load| load.what)
    }
}

fn unknown(what: &'static str, name: &str, known: Vec<&'static str>) -> UnknownName {
    UnknownName {
        what,
        name: name.to_owned(),
        near: crate::nearest::nearest(name, known.iter().copied()),
        known,
    }
}
