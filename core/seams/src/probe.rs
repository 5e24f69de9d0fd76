//! Marks: named places that a run reached.

/// Receives marks. A mark is a hint about coverage ("a lease was lost", "a redemption met a spent
/// code"), never a verdict: properties judge what can be seen from outside.
pub trait Probe: Send + Sync {
    /// The named place was reached. Names read as a clause: `"lease lost"`.
    fn mark(&self, name: &'static str);
}
