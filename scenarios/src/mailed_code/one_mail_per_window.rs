//! However often somebody presses the send button, one mail is sent per window.
//!
//! Source: inventory 3 (the button was pressed six times and six mails came). The server must enforce it, because a
//! guard in JavaScript alone protects nothing.
//!
//! Edges. A window begins with the first press that is counted; a press after its end may send another mail. The times
//! of the presses decide how many mails are allowed, not the times when the relay accepts the mails. Each state of
//! Redis has windows of its own. Equal codes are one mail.

use crate::{
    mailed_code,
    property::{
        calm::first_of,
        invocations,
        reading::mails,
        violation,
        windows::{RedisStates, admitted_max, redis_states},
    },
    vocabulary::{Evidence, Kind, Login, Op, Property, Tag, Violation},
};
use std::collections::{BTreeMap, BTreeSet};

/// Property: one mail per flow and window. See the module.
pub struct OneMailPerWindow;

/// When a flow's send button was first pressed, and when the last press ended, milliseconds.
struct Presses {
    first_ms: u64,
    last_ms: u64,
}

impl Property<Login> for OneMailPerWindow {
    fn name(&self) -> String {
        "OneMailPerWindow".into()
    }
    fn kind(&self) -> Kind {
        Kind::Always
    }
    fn claim(&self) -> String {
        "pressing the send button many times sends one mail per window".into()
    }
    fn check(&self, evidence: &Evidence<'_>) -> Result<(), Violation> {
        let states = redis_states(evidence);
        let window_ms = evidence.plan.world.send_once_s * 1000;
        let mut presses: BTreeMap<&str, BTreeMap<&Tag, Presses>> = BTreeMap::new();
        for invocation in invocations(evidence.history) {
            let Op::MailedCode(mailed_code::Op::SendCode { flow, address }) = invocation.op else {
                continue;
            };
            let flow = presses.entry(address).or_default().entry(flow).or_insert(Presses {
                first_ms: invocation.began_ms,
                last_ms: 0,
            });
            // A press of unknown outcome may still be on its way, and take effect at any later time.
            let certain = invocation.ok() || invocation.failure().is_some();
            flow.last_ms = flow.last_ms.max(if certain { invocation.ended_ms() } else { u64::MAX });
        }
        let mut codes: BTreeMap<&str, (BTreeSet<_>, Vec<usize>)> = BTreeMap::new();
        for (at_ms, index, address, code) in mails(evidence.history) {
            let (codes, records) = codes.entry(address).or_default();
            let new = codes.insert(code);
            records.push(index);
            let Some(flows) = presses.get(address) else {
                evidence.is_violated(false, Some("nobody in the history pressed"));
                continue;
            };
            let most = |states: &RedisStates| -> u64 {
                let begun = flows.values().filter(|flow| flow.first_ms <= at_ms);
                begun
                    .map(|flow| admitted_max(1, window_ms, states, flow.first_ms, at_ms.min(flow.last_ms)))
                    .sum()
            };
            let (most, first_state) = (most(&states), most(&states.only_first()));
            let excuse = first_of([
                (!new, "a mail that the relay accepted twice"),
                (
                    (first_state + 1..=most).contains(&(codes.len() as u64)),
                    "a new state of Redis has counters of its own",
                ),
            ]);
            if evidence.is_violated(codes.len() as u64 > first_state, excuse) {
                let what = format!(
                    "{} mails went to {address} for presses that deserve {most}",
                    codes.len()
                );
                return Err(violation(&self.name(), at_ms, records.clone(), what).because("too-many-mails"));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::property::testing::*;
    use crate::vocabulary::Seen;

    /// Six presses at once.
    fn six() -> Story {
        (0..6).fold(Story::new(), |story, n| {
            story.op((n, 100 + n), "ann", send("f1", "ann"), Seen::Ok)
        })
    }

    #[test]
    fn accepts_one_mail_though_late_and_another_after_the_window() {
        let story = six()
            .event(31_000, "mail", mailed("ann", "k1"))
            .op((32_000, 32_050), "ann", send("f1", "ann"), Seen::Ok)
            .event(32_090, "mail", mailed("ann", "k2"))
            .op((33_000, 33_050), "ann", send("f2", "ann"), Seen::Ok)
            .event(33_090, "mail", mailed("ann", "k3"));
        assert_eq!(story.judged_by(&OneMailPerWindow), Ok(()));
    }

    #[test]
    fn rejects_two_mails_for_six_presses() {
        for later in [200, 31_000] {
            let story = six()
                .event(150, "mail", mailed("ann", "k1"))
                .event(later, "mail", mailed("ann", "k2"));
            assert!(story.judged_by(&OneMailPerWindow).is_err());
        }
    }
}
