//! One operation in the history.

use sim::{
    history::{Op, Seen},
    recorder::Recorder,
};

/// Records some work as an operation.
pub(crate) async fn step<T>(
    recorder: &Recorder,
    who: &str,
    op: Op,
    work: impl Future<Output = Result<T, Seen>>,
) -> Result<T, Seen> {
    let id = recorder.begin(who, op);
    let result = work.await;
    let seen = result.as_ref().err().cloned().unwrap_or(Seen::Ok);
    recorder.end(who, id, seen);
    result
}
