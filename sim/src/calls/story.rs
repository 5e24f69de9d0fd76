//! A story that is performed once for each of its calls.

/// A calm story, and how the command `calls` performs it again, once for each call and each way in which it can go wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CallStory {
    /// Its scenario, which injects no fault of its own.
    pub scenario: &'static str,
    /// Calls that begin before this moment are the story's, milliseconds from the start of the run. Whoever comes later
    /// looks whether everything works again.
    pub until_ms: u64,
    /// When everything heals, milliseconds from the start of the run.
    pub heals_at_ms: u64,
    /// For how long a process is paused, milliseconds: longer than anything that it may hold.
    pub pause_ms: u64,
}
