//! Decisions of the limiters. Counting is global and comes first; this only compares.

/// Whether a limiter admits the attempt that made its counter reach `count`.
///
/// The counter is raised *before* the attempt is judged. If it were raised after a failure, replicas
/// that read it at the same moment would all admit one more (inventory 18).
pub fn admits(count: u64, limit: u64) -> bool {
    count <= limit
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_limit_itself_is_admitted() {
        assert!(super::admits(1, 1) && !super::admits(2, 1) && !super::admits(1, 0));
    }
}
