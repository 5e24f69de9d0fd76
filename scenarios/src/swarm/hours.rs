//! The hours of a run of the swarm.

/// When everything heals, seconds.
pub(super) const HEAL_S: u64 = 45;
/// How long the world may take to settle after that, seconds.
pub(super) const SETTLE_S: u64 = 45;
/// How long a run lasts, seconds.
pub(super) const LASTS_S: u64 = HEAL_S + SETTLE_S + 40;
