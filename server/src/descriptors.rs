//! How many descriptors this process may have, and how many of them the port for people.

use std::fs;

/// For everything but people: the operators' port, the directory's files, Redis, Sentinels, mails, analytics, the terminal.
const RESERVED: usize = 32;

/// How many connections people may have at once, if the configuration would allow so many. The operators' port must stay
/// reachable when strangers hold all that they can get.
pub(crate) fn for_people(wanted: usize) -> usize {
    let limits = fs::read_to_string("/proc/self/limits").unwrap_or_default();
    within(wanted, soft_limit(&limits))
}

fn within(wanted: usize, limit: Option<usize>) -> usize {
    match limit {
        // At least one, or nobody would ever be served.
        Some(limit) => wanted.min(limit.saturating_sub(RESERVED).max(1)),
        None => wanted,
    }
}

/// The soft limit, as proc(5) writes it. `None`: there is none, or this is not Linux.
fn soft_limit(limits: &str) -> Option<usize> {
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    line.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn some_are_left_for_others() {
        let limits = "Max processes             95713                95713                processes \n\
                      Max open files            64                   1048576              files     \n";
        assert_eq!(soft_limit(limits), Some(64));
        assert_eq!(within(4096, Some(64)), 32);
        assert_eq!(within(4096, Some(20)), 1);
        assert_eq!(within(10, Some(64)), 10);
        assert_eq!(
            within(4096, soft_limit("Max open files unlimited unlimited files")),
            4096
        );
    }
}
