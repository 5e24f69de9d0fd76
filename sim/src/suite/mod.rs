//! A suite: all that is claimed of a service, handed to the harness as one value.

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

/// A mistake that can be switched on, and that a property must detect.
#[derive(Clone, Copy)]
pub struct PlantedBug<S: Service> {
    /// Its name, as people type it.
    pub name: &'static str,
    /// What is done wrongly, in one clause.
    pub title: &'static str,
    /// Rows of the inventory that it comes from, if there is one.
    pub covers: &'static [u8],
    /// The scenario in which it must be detected.
    pub scenario: &'static str,
    /// The property that must detect it.
    pub detected_by: &'static str,
    /// What is changed.
    pub bug: S::Bug,
}

/// How many digits of a build's identity are shown and compared.
const BUILD_DIGITS: usize = 12;

/// What the build script says if it could not find the identity.
const UNKNOWN_BUILD: &str = "unknown";

/// The identity of the build, which the package's build script has found. For [`suite::Suite::built_from`]:
/// `build-identity` among the build-dependencies, and `fn main() { build_identity::emit(); }` as the package's `build.rs`.
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
    /// What its binary is called: `seats`.
    pub name: &'static str,
    /// What is simulated and tested: one clause, without a full stop.
    pub about: &'static str,
    /// How its binary is started, as in the lines that replay a failure: `cargo run -p seats --`.
    pub command: &'static str,
    /// Which sources it is built from: see [`Suite::built_from`].
    pub(crate) build: Option<&'static str>,
    scenarios: Vec<Scenario<S>>,
    bugs: Vec<PlantedBug<S>>,
    /// Where regressions are kept, if they are.
    pub regressions: Option<PathBuf>,
    /// What `bench` puts load on the world with.
    pub load: Option<Load<S>>,
    /// Worlds of several sizes, for `bench`: each with its name.
    pub(crate) sizes: Vec<(&'static str, S::World)>,
    /// A scenario in which little goes wrong, which `bench` measures as it is.
    pub(crate) calm: Option<&'static str>,
    call_stories: Vec<CallStory>,
    pub(crate) account: Option<Account<S>>,
    pub(crate) commands: Vec<OwnCommand>,
}

/// A steady stream of one kind of work, for `bench`: how much work there is to do a minute, and who does it.
#[derive(Clone)]
pub struct Load<S: Service> {
    /// What is done, in the plural: `purchases`.
    pub what: &'static str,
    /// So many people.
    pub people: fn(count: usize) -> Workload<S>,
    /// The scenario whose world it happens in.
    pub scenario: &'static str,
}

/// There is nothing of that name.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("there is no {what} {name:?}{}. There are: {}", crate::nearest::suggestion(.near), .known.join(", "))]
pub struct UnknownName {
    /// `scenario` or `planted bug`.
    pub what: &'static str,
    /// The name asked for.
    pub name: String,
    /// The nearest names.
    pub near: Vec<&'static str>,
    /// All names.
    pub known: Vec<&'static str>,
}

impl<S: Service> Suite<S> {
    /// An empty suite. `command` is how its binary is started: `cargo run -p seats --`.
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

    /// One more scenario.
    ///
    /// # Panics
    /// There is one of that name.
    #[must_use]
    pub fn scenario(mut self, scenario: Scenario<S>) -> Suite<S> {
        let is_new = self.scenarios.iter().all(|other| other.name() != scenario.name());
        assert!(is_new, "there are two scenarios {}", scenario.name());
        self.scenarios.push(scenario);
        self
    }

    /// One more planted bug.
    ///
    /// # Panics
    /// There is one of that name, or its scenario is not there, or does not claim what must detect it.
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
            is_claimed || bug.detected_by == crate::run::NOTHING_PANICS,
            "{}: {} does not claim {}; it claims {}",
            bug.name,
            bug.scenario,
            bug.detected_by,
            claims.join(", ")
        );
        self.bugs.push(bug);
        self
    }

    /// Which sources the suite is built from: `.built_from(sim::build_identity!())`. Sweeps, plans and lines that replay
    /// name it, a replay on another build says so, and shards of two builds are not merged. A suite that does not say it
    /// has an unknown build, whose shards are merged with `--partial` only.
    #[must_use]
    pub fn built_from(self, identity: &'static str) -> Suite<S> {
        // What does not differ between machines and folders is enough by its first digits, which people can read.
        let short = identity.get(..BUILD_DIGITS).unwrap_or(identity);
        let build = (identity != UNKNOWN_BUILD).then_some(short);
        Suite { build, ..self }
    }

    /// The folder in which regressions are kept; if it is relative, in the folder of `Cargo.lock`.
    #[must_use]
    pub fn regressions(self, folder: impl Into<PathBuf>) -> Suite<S> {
        Suite {
            regressions: Some(folder.into()),
            ..self
        }
    }

    /// What `bench` puts load on the world with.
    ///
    /// # Panics
    /// Its scenario is not there.
    #[must_use]
    pub fn load(self, load: Load<S>) -> Suite<S> {
        let scenario = self.find_scenario(load.scenario);
        scenario.unwrap_or_else(|error| panic!("the load of `bench`: {error}"));
        Suite {
            load: Some(load),
            ..self
        }
    }

    /// Worlds of several sizes, the smallest first, each with a name (`2 replicas`): `bench` shows what each costs under
    /// the same load.
    #[must_use]
    pub fn sizes(self, sizes: Vec<(&'static str, S::World)>) -> Suite<S> {
        Suite { sizes, ..self }
    }

    /// A scenario in which little goes wrong, which `bench` measures as it is.
    ///
    /// # Panics
    /// It is not there.
    #[must_use]
    pub fn calm_scenario(self, name: &'static str) -> Suite<S> {
        self.find_scenario(name)
            .unwrap_or_else(|error| panic!("the calm scenario of `bench`: {error}"));
        Suite {
            calm: Some(name),
            ..self
        }
    }

    /// A calm story that `calls` performs once for each call of its processes and each way in which that can go wrong.
    ///
    /// # Panics
    /// Its scenario is not there.
    #[must_use]
    pub fn every_call(mut self, story: CallStory) -> Suite<S> {
        self.find_scenario(story.scenario)
            .unwrap_or_else(|error| panic!("a story of `calls`: {error}"));
        self.call_stories.push(story);
        self
    }

    /// What `replay --account` says of a run: `what` is a clause ("whether one store explains what the processes saw"), and
    /// `of` performs the plan once more, listens where only this service can, and says what it heard. The run must be the
    /// same one: its fingerprint is compared.
    #[must_use]
    pub fn account(self, what: &'static str, of: AccountOf<S>) -> Suite<S> {
        Suite {
            account: Some(Account { what, of }),
            ..self
        }
    }

    /// A command of this service's own, beside those of the harness. `command` has its name and what it does; its options are
    /// those of `A`.
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

    /// The stories of `calls`, in the order in which they were declared.
    pub fn call_stories(&self) -> &[CallStory] {
        &self.call_stories
    }

    /// All planted bugs, in the order in which they were declared.
    pub fn bugs(&self) -> &[PlantedBug<S>] {
        &self.bugs
    }

    /// The scenario of a name.
    ///
    /// # Errors
    /// There is none; says which there are.
    pub fn find_scenario(&self, name: &str) -> Result<&Scenario<S>, UnknownName> {
        let found = self.scenarios.iter().find(|scenario| scenario.name() == name);
        found.ok_or_else(|| unknown("scenario", name, self.scenarios.iter().map(Scenario::name).collect()))
    }

    /// The planted bug of a name.
    ///
    /// # Errors
    /// There is none; says which there are.
    pub fn find_bug(&self, name: &str) -> Result<&PlantedBug<S>, UnknownName> {
        let found = self.bugs.iter().find(|bug| bug.name == name);
        found.ok_or_else(|| unknown("planted bug", name, self.bugs.iter().map(|bug| bug.name).collect()))
    }
}

impl<S: Service> Suite<S> {
    /// The scenario that draws everything, if there is one: the first that takes any plan.
    pub(crate) fn swarm(&self) -> Option<&Scenario<S>> {
        self.scenarios.iter().find(|scenario| scenario.takes_any_plan())
    }

    /// What is done as a whole, in the plural: `purchases`.
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
