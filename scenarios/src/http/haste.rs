//! Patience that ends before an answer comes: the button is pressed again, the page is loaded again, a client's library repeats
//! its request. The connection on which nobody waits any more is closed.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

/// How little patience somebody has.
#[derive(Debug, Clone)]
pub(crate) struct Haste {
    /// How long they wait for an answer.
    patience: Duration,
    /// How many requests for a path they give up. After that they wait.
    times: u32,
    given_up: Arc<Mutex<BTreeMap<String, u32>>>,
}

impl Haste {
    pub(crate) fn new(patience: Duration, times: u32) -> Haste {
        Haste {
            patience,
            times,
            given_up: Arc::default(),
        }
    }

    /// How long they wait for the answer to their next request for this path; `None`: as long as anybody.
    pub(crate) fn of(&self, path: &str) -> Option<Duration> {
        let mut given_up = self.given_up.lock().expect("nobody panics while holding it");
        let count = given_up.entry(path.to_owned()).or_default();
        *count += 1;
        (*count <= self.times).then_some(self.patience)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn in_the_end_they_wait() {
        let haste = Haste::new(Duration::from_millis(50), 2);
        let waits = |path: &str| haste.of(path).is_none();
        assert_eq!([(); 4].map(|()| waits("/token")), [false, false, true, true]);
        assert!(!waits("/login"));
    }
}
