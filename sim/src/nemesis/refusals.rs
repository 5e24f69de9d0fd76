//! Which Redis nodes and Sentinels refuse, and until when.

use crate::{
    fault::HostName,
    refusal::{GIVES_PASSWORD, Refusal},
};
use std::collections::BTreeMap;

/// What has been typed at consoles and not been taken back. Refusals of one host for one reason are one refusal, which ends with
/// the last of them. A Sentinel refuses for its password.
#[derive(Debug, Default)]
pub(super) struct Refusals {
    until_ms: BTreeMap<(HostName, Refusal), u64>,
}

impl Refusals {
    pub(super) fn begin(&mut self, host: &str, why: Refusal, until_ms: u64) {
        let until = self.until_ms.entry((host.to_owned(), why)).or_default();
        *until = until_ms.max(*until);
    }

    /// One of them ends: whether that is to be typed, which it is not while another one goes on.
    pub(super) fn end(&mut self, host: &str, why: Refusal, now_ms: u64) -> bool {
        let key = (host.to_owned(), why);
        let ends = self.until_ms.get(&key).is_some_and(|until_ms| *until_ms <= now_ms);
        if ends {
            self.until_ms.remove(&key);
        }
        ends
    }

    /// Those that go on, of each host the password last: while it asks for one, what else is typed there needs it.
    pub(super) fn open(&self) -> Vec<(HostName, Refusal)> {
        let mut open: Vec<_> = self.until_ms.keys().cloned().collect();
        open.sort_by_key(|(_, why)| *why == Refusal::Password);
        open
    }

    /// All of them have ended.
    pub(super) fn clear(&mut self) {
        self.until_ms.clear();
    }

    /// Commands as an operator types them: where a node asks for a password, that comes first.
    pub(super) fn with_password(&self, host: &str, mut commands: Vec<String>) -> Vec<String> {
        let asks = self.until_ms.contains_key(&(host.to_owned(), Refusal::Password));
        if asks && !commands.is_empty() && commands.iter().all(|command| command != GIVES_PASSWORD) {
            commands.insert(0, GIVES_PASSWORD.to_owned());
        }
        commands
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::Operator;

    #[test]
    fn the_end_of_one_is_not_the_end_of_a_later_one() {
        let mut refusals = Refusals::default();
        refusals.begin("redis-1", Refusal::OutOfMemory, 500);
        refusals.begin("redis-1", Refusal::OutOfMemory, 800);
        refusals.begin("redis-1", Refusal::OutOfMemory, 600);
        refusals.begin("redis-1", Refusal::Permission, 900);
        refusals.begin("redis-2", Refusal::OutOfMemory, 900);
        for (at_ms, ends) in [(500, false), (600, false), (800, true)] {
            assert_eq!(refusals.end("redis-1", Refusal::OutOfMemory, at_ms), ends, "{at_ms}");
        }
        refusals.begin("redis-1", Refusal::OutOfMemory, 2_000);
        refusals.begin("redis-1", Refusal::Password, 2_000);
        let open = refusals.open();
        assert_eq!(open.last(), Some(&("redis-1".to_owned(), Refusal::Password)));
        assert_eq!(open.len(), 4);
        refusals.clear();
        assert!(
            !refusals.end("redis-1", Refusal::OutOfMemory, 2_000),
            "everything was healed"
        );
    }

    #[test]
    fn an_operator_gives_the_password_where_one_is_asked_for() {
        let mut refusals = Refusals::default();
        let typed =
            |refusals: &Refusals, why: Refusal| refusals.with_password("redis-1", why.ends(&Operator::default()));
        assert_eq!(
            typed(&refusals, Refusal::OutOfMemory),
            Refusal::OutOfMemory.ends(&Operator::default())
        );
        refusals.begin("redis-1", Refusal::Password, 500);
        let expected = [
            vec![GIVES_PASSWORD.to_owned()],
            Refusal::OutOfMemory.ends(&Operator::default()),
        ]
        .concat();
        assert_eq!(typed(&refusals, Refusal::OutOfMemory), expected);
        assert_eq!(
            typed(&refusals, Refusal::Password),
            Refusal::Password.ends(&Operator::default())
        );
        assert_eq!(
            typed(&refusals, Refusal::ClosedConnections),
            Refusal::ClosedConnections.ends(&Operator::default())
        );
        refusals.end("redis-1", Refusal::Password, 500);
        assert_eq!(
            typed(&refusals, Refusal::OutOfMemory),
            Refusal::OutOfMemory.ends(&Operator::default())
        );
    }
}
