//! Decisions of the limiters. Counting is global and comes first; this only compares.

/// What a limiter says to the attempt that made its counter reach `count`.
///
/// The counter is raised *before* the attempt is judged. Were it raised after a failure, replicas
/// that look at the same moment would all see room for one more (inventory 18).
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
