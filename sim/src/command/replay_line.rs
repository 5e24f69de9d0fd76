//! The command lines that perform a run again.

use crate::{service::Service, simulator::EngineKind, suite::Suite};
use std::path::Path;

/// The parts of a line besides the run.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct With<'a> {
    /// The planted bug.
    pub(crate) bug: Option<&'a str>,
    /// The engine.
    pub(crate) engine: EngineKind,
}

/// The line that replays a scenario's seed or a plan file.
pub(crate) fn line<S: Service>(suite: &Suite<S>, what: &str, seed: Option<u64>, with: With<'_>) -> String {
    let seed = seed.map(|seed| format!(" --seed {seed}")).unwrap_or_default();
    let bug = bug_option(with.bug);
    let engine = match with.engine {
        EngineKind::EventLoop => "",
        EngineKind::Turmoil => " --engine turmoil",
    };
    format!(
        "{} replay {what}{seed}{bug}{engine}{}",
        suite.command,
        build_option(suite)
    )
}

/// The text ` --build IDENTITY`, or nothing if the build is unknown. With it, a replay on another build reports the
/// difference.
fn build_option<S: Service>(suite: &Suite<S>) -> String {
    suite.build.map(|build| format!(" --build {build}")).unwrap_or_default()
}

/// A notice that another build than this one performed a run, if that is known: the run may differ here. `was` is the
/// beginning of the sentence, such as "the plan was written by".
pub(crate) fn other_build<S: Service>(suite: &Suite<S>, build: Option<&str>, was: &str) -> Option<String> {
    let build = build.filter(|build| suite.build != Some(*build))?;
    let this = match suite.build {
        Some(this) => format!("this is {this}"),
        None => "this build is unknown".to_owned(),
    };
    Some(format!(
        "ANOTHER BUILD  {was} build {build}, and {this}: what comes out here may be another run, and its verdict is that of \
         this build"
    ))
}

/// The text ` --bug NAME`, or nothing.
pub(crate) fn bug_option(bug: Option<&str>) -> String {
    bug.map(|bug| format!(" --bug {bug}")).unwrap_or_default()
}

/// Text that says where the small plan is, how to replay it, and how to save it.
pub(crate) fn small_plan<S: Service>(suite: &Suite<S>, out: &Path, bug: Option<&str>) -> String {
    let (file, bug) = (out.display().to_string(), bug_option(bug));
    let start = suite.command;
    format!("The small plan is in {file}\n  {start} replay {file}{bug}\n  {start} save {file}{bug}")
}
