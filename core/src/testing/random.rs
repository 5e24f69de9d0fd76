//! Property-based tests: how many cases, where failing ones are kept, and a runtime whose clock moves by itself.

use proptest::test_runner::{Config, FileFailurePersistence};

/// So many cases; the seeds of failing ones are written to `proptest-regressions/FILE`.
pub(crate) fn cases(count: u32, file: &'static str) -> Config {
    Config {
        cases: count,
        failure_persistence: Some(Box::new(FileFailurePersistence::Direct(file))),
        ..Config::default()
    }
}

/// Runs to the end on this thread, in virtual time.
pub(crate) fn block_on<T>(work: impl Future<Output = T>) -> T {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    let runtime = builder.enable_time().start_paused(true).build().expect("a runtime");
    runtime.block_on(work)
}
