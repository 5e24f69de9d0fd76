//! Once everything has healed, the outbox drains: a code that a page has promised by mail arrives within a bound.
//!
//! Source: inventory 1, 3 (mail is sent beside the request, and never lost behind a backlog).
//!
//! Fairness. Everything has healed and had time to settle, which is longer than the deadline of one mail (10 s), so
//! that mails left hanging by the relay have been given up. From then on the relay accepts mail. Bounds are about twice
//! the longest time seen in 30 seeds of each scenario.
//!
//! Edges. A second press within the window sends no second mail (inventory 3), and the mail of the first press may have
//! been lost while something was broken. So the property judges the first press in a flow. A press that was refused, or
//! whose outcome is unknown, promises nothing.

use crate::{
    mailed_code,
    property::{bound::Bound, calm::Calm, human, invocations, reading::mails, violation},
    vocabulary::{Evidence, Kind, Login, Op, Property, Violation},
};
use std::{collections::BTreeSet, time::Duration};

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
        let calm = Calm::of(evidence, self.0.settle_ms);
        let mut flows = BTreeSet::new();
        for press in invocations(evidence.history) {
            let Op::MailedCode(mailed_code::Op::SendCode { flow, address }) = press.op else {
                continue;
            };
            let first = flows.insert(flow);
            let deadline_ms = press.began_ms + self.0.within_ms;
            if !press.ok() {
                continue; // it promises nothing
            }
            let again = (!first).then_some("not the first press in its login");
            let excuse = again.or_else(|| calm.excuse(press.began_ms, deadline_ms));
            let span = press.began_ms..=deadline_ms;
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
