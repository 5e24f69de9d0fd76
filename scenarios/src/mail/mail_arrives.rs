//! Once everything has healed, the outbox drains: a code that a page has promised by mail arrives within a bound.
//!
//! Source: inventory 1, 3 (mail is sent beside the request, and never lost behind a backlog).
//!
//! Fairness. Everything has healed and had time to settle, which is longer than the deadline of one mail (10 s), so
//! that mails left hanging by the relay have been given up. From then on the relay accepts mail. Bounds are about twice
//! the longest time seen in 30 seeds of each scenario.
//!
//! Edges. A link that is slower, by so little that no deadline passes because of it (`only_slows`), breaks nothing and
//! excuses nothing. A second press within the window sends no second mail (inventory 3); a store's clock that was ahead makes
//! windows longer. If the first press was answered, or something was broken meanwhile, so that its mail may be lost, the second
//! one is not judged. If nobody waited for the answer to the first, whose mail may have come since then, the second one is: its
//! page promises a mail. A press that was refused, or whose outcome is unknown, promises nothing, and whoever tries
//! addresses that nobody has is promised nothing.

use crate::{
    limits::{self, limits_let_in::ahead_ms},
    mailed_code,
    property::{
        bound::Bound,
        calm::Calm,
        human, invocations,
        reading::{mails, only_slows},
        violation,
    },
    vocabulary::{Behaviour, Evidence, Kind, Login, Op, Property, Violation},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

/// Allowance for the rounding of windows, milliseconds.
const SLACK_MS: u64 = 1000;

/// Property: after healing, mails with codes arrive. See the module.
pub struct MailArrives(Bound);

impl MailArrives {
    /// The mail arrives within this time after the button was pressed.
    pub fn within(limit: Duration) -> MailArrives {
        MailArrives(Bound::within(limit, 12_000))
    }

    /// How long the world needs to settle after healing.
    pub fn settling(self, settle: Duration) -> MailArrives {
        MailArrives(self.0.settling(settle))
    }
}

/// A press of the button.
#[derive(Clone, Copy)]
struct Pressed {
    began_ms: u64,
    ended_ms: u64,
    /// Whether its page said that a mail is on its way.
    promised: bool,
}

impl Property<Login> for MailArrives {
    fn name(&self) -> String {
        "MailArrives".into()
    }
    fn kind(&self) -> Kind {
        Kind::Eventually
    }
    fn claim(&self) -> String {
        format!(
            "from {} after everything healed, a code that was promised is mailed within {}",
            human(self.0.settle_ms),
            human(self.0.within_ms)
        )
    }
    fn check(&self, evidence: &Evidence<'_>) -> Result<(), Violation> {
        let calm = Calm::but_for(evidence, self.0.settle_ms, only_slows);
        let window_ms = evidence.plan.world.send_once_s * 1000 + ahead_ms(evidence.history) + SLACK_MS;
        let sprays = |does: &Behaviour| matches!(does, Behaviour::Limits(limits::Behaviour::Spray { .. }));
        let all = evidence.plan.operations.iter();
        let sprayers: BTreeSet<&str> = (all.filter(|one| sprays(&one.does)))
            .map(|one| one.who.as_str())
            .collect();
        let mut pressed: BTreeMap<_, Vec<Pressed>> = BTreeMap::new();
        for press in invocations(evidence.history) {
            let Op::MailedCode(mailed_code::Op::SendCode { flow, address }) = press.op else {
                continue;
            };
            let before = pressed.entry(flow).or_default();
            let again: Vec<Pressed> = (before.iter().copied())
                .filter(|earlier| press.began_ms < earlier.ended_ms.saturating_add(window_ms))
                .collect();
            before.push(Pressed {
                began_ms: press.began_ms,
                ended_ms: press.ended_ms(),
                promised: press.ok(),
            });
            let deadline_ms = press.began_ms + self.0.within_ms;
            if !press.ok() || sprayers.contains(press.who) {
                continue; // it promises nothing; nor is anything promised to addresses that nobody has
            }
            let is_excused =
                |earlier: &Pressed| earlier.promised || calm.excuse(earlier.began_ms, press.began_ms).is_some();
            let kept = again.iter().any(is_excused);
            let excuse = calm.excuse(press.began_ms, deadline_ms);
            let excuse = excuse.or(kept.then_some("pressed within the window of an earlier press"));
            let first_ms = again.iter().map(|earlier| earlier.began_ms).min();
            let span = first_ms.unwrap_or(press.began_ms)..=deadline_ms;
            let came = mails(evidence.history).any(|(at_ms, _, to, _)| to == address && span.contains(&at_ms));
            if !evidence.is_violated(!came, excuse) {
                continue;
            }
            let what = format!(
                "{} was told at {} that a code is on its way to {address}, and none came within {}",
                press.who,
                human(press.ended_ms()),
                human(self.0.within_ms)
            );
            return Err(violation(&self.name(), deadline_ms, press.records(), what).because("no-mail"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        mail,
        property::testing::*,
        scenario::{latency_spike, ms, secs},
        vocabulary::{Fault, Mode, OwnFault, Seen},
    };

    fn healed() -> Story {
        let mode = Mode::Hanging;
        Story::new()
            .fault(1000, Fault::Own(OwnFault::Mail(mail::Fault::Mail { mode })))
            .fault(30_000, Fault::Heal)
    }

    fn claim() -> MailArrives {
        MailArrives::within(Duration::from_secs(5))
    }

    #[test]
    fn accepts_arrival_trouble_and_what_promises_nothing() {
        for story in [
            healed().op((50_000, 50_020), "ann", send("f1", "ann"), Seen::Ok).event(
                54_000,
                "mail",
                mailed("ann", "c1"),
            ),
            healed().op((41_000, 41_020), "ann", send("f1", "ann"), Seen::Ok),
            healed().op((50_000, 50_020), "ann", send("f1", "ann"), fail("too-many-mails")),
            healed().op((50_000, 50_020), "ann", send("f1", "ann"), unknown()),
            healed().op((41_000, 41_020), "ann", send("f1", "ann"), Seen::Ok).op(
                (50_000, 50_020),
                "ann",
                send("f1", "ann"),
                Seen::Ok,
            ),
            healed().op((116_000, 116_020), "ann", send("f1", "ann"), Seen::Ok),
        ] {
            assert_eq!(story.judged_by(&claim()), Ok(()));
        }
    }

    #[test]
    fn a_press_is_judged_again_after_a_window() {
        let twice = |again_ms| {
            let first = healed().op((43_000, 43_020), "ann", send("f1", "ann"), Seen::Ok).event(
                44_000,
                "mail",
                mailed("ann", "c1"),
            );
            first
                .op((again_ms, again_ms + 20), "ann", send("f1", "ann"), Seen::Ok)
                .judged_by(&claim())
        };
        let window_ms = crate::vocabulary::WorldOptions::default().send_once_s * 1000;
        assert_eq!(twice(43_020 + window_ms), Ok(()));
        assert!(twice(43_020 + window_ms + SLACK_MS).is_err());
    }

    fn pressed_twice(story: Story) -> Story {
        story.op((50_000, 50_040), "ann", send("f1", "ann"), unknown()).op(
            (50_040, 50_060),
            "ann",
            send("f1", "ann"),
            Seen::Ok,
        )
    }

    #[test]
    fn a_press_that_nobody_waited_for_excuses_nothing() {
        let came = |at_ms| pressed_twice(healed()).event(at_ms, "mail", mailed("ann", "c1"));
        assert_eq!(
            pressed_twice(healed()).judged_by(&claim()).unwrap_err().reason,
            "no-mail"
        );
        assert_eq!(came(50_050).judged_by(&claim()), Ok(()));
        assert_eq!(came(54_000).judged_by(&claim()), Ok(()));
        assert!(came(49_000).judged_by(&claim()).is_err(), "that is of an earlier press");
    }

    #[test]
    fn a_slower_link_excuses_nothing_and_a_much_slower_one_does() {
        let slower = |added_ms| {
            let link = |added_ms| Fault::Latency {
                a: "idp-a".into(),
                b: "redis-1".into(),
                added_ms,
            };
            pressed_twice(Story::new().fault(1_000, link(added_ms)))
        };
        assert!(slower(60).judged_by(&claim()).is_err());
        assert!(slower(60).fault(70_000, Fault::Heal).judged_by(&claim()).is_err());
        assert_eq!(slower(61).judged_by(&claim()), Ok(()));
        let spike = latency_spike("idp-a", "redis-1", ms(60), secs(90));
        let spiked = slower(60).fault(2_000, spike);
        assert_eq!(spiked.judged_by(&claim()), Ok(()), "it is 120 ms slower");
        let killed = slower(60).fault(50_010, Fault::Kill { host: "idp-a".into() });
        assert_eq!(killed.judged_by(&claim()), Ok(()));
    }

    #[test]
    fn rejects_absence_lateness_and_somebody_elses_mail() {
        let asked = || healed().op((50_000, 50_020), "ann", send("f1", "ann"), Seen::Ok);
        for story in [
            asked(),
            asked().event(55_100, "mail", mailed("ann", "c1")),
            asked().event(51_000, "mail", mailed("ben", "c1")),
        ] {
            assert_eq!(story.judged_by(&claim()).unwrap_err().reason, "no-mail");
        }
    }
}
