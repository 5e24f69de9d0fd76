//! What is wrong with something that no request waits for: operators learn of it at `/health` (inventory 1, 26, 53).

use seams::{Cause, Clock};
use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

/// For how long a failure is told if nothing is tried any more.
const TOLD_FOR: Duration = Duration::from_secs(60);

/// The last failure, until something succeeds.
pub(crate) struct Trouble {
    clock: Arc<dyn Clock>,
    last: Mutex<Option<(Duration, Cause)>>,
}

impl Trouble {
    /// None so far.
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Trouble {
        Trouble {
            clock,
            last: Mutex::default(),
        }
    }

    /// Something failed.
    pub(crate) fn begin(&self, cause: &Cause) {
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some((self.clock.monotonic(), cause.clone()));
    }

    /// Something succeeded.
    pub(crate) fn end(&self) {
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Why the last try failed, if it did, and not too long ago.
    pub(crate) fn now(&self) -> Option<Cause> {
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let (at, cause) = last.as_ref()?;
        (self.clock.monotonic().saturating_sub(*at) < TOLD_FOR).then(|| cause.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::testing::Fixture;

    #[test]
    fn a_failure_is_told_until_something_succeeds_or_for_a_minute() {
        let fixture = Fixture::new();
        let trouble = Trouble::new(fixture.clock.clone());
        assert_eq!(trouble.now(), None);
        trouble.begin(&Cause::Busy);
        fixture.clock.pass(59_999);
        assert_eq!(trouble.now(), Some(Cause::Busy));
        fixture.clock.pass(1);
        assert_eq!(trouble.now(), None);
        trouble.begin(&Cause::NoMaster);
        assert_eq!(trouble.now(), Some(Cause::NoMaster));
        trouble.end();
        assert_eq!(trouble.now(), None);
    }
}
