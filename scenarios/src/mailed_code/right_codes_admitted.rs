//! Whoever types nothing but right codes is never told that there were too many attempts, however often they have to press.
//!
//! Source: inventory 18 and 20 (limits count guesses), 54 (a blip of the directory must not cost anybody their login).
//!
//! Fairness. Judged in stories in which Redis works, which counts. A code that was mailed to the address of the login is no guess,
//! and the same code again is not another one. Somebody who typed as many different codes as a limit admits is not judged, and
//! nobody at whose address others guess.
//!
//! Edges. A code that has expired is no right one any more.

use crate::{
    mailed_code,
    property::{invocations, violation},
    vocabulary::{Event, Evidence, Kind, Login, Observation, Op, Property, Violation},
};
use spec::Settings;
use std::collections::BTreeSet;

/// Property: right codes are admitted. See the module.
pub struct RightCodesAdmitted;

impl Property<Login> for RightCodesAdmitted {
    fn name(&self) -> String {
        "RightCodesAdmitted".into()
    }
    fn kind(&self) -> Kind {
        Kind::Always
    }
    fn claim(&self) -> String {
        "whoever types nothing but right codes is never told that there were too many attempts".into()
    }
    fn check(&self, evidence: &Evidence<'_>) -> Result<(), Violation> {
        let settings = Settings::default();
        let lives_ms = evidence.plan.world.email_code_ttl_s * 1000;
        let mailed: Vec<(u64, &str, _)> = evidence
            .history
            .records
            .iter()
            .filter_map(|record| match &record.event {
                Event::Own(Observation::MailedCode(mailed_code::Observation::CodeMailed { address, code })) => {
                    Some((record.at_ms, address.as_str(), code))
                }
                _ => None,
            })
            .collect();
        let invocations = invocations(evidence.history);
        let typed: Vec<_> = invocations
            .iter()
            .filter_map(|one| match one.op {
                Op::MailedCode(mailed_code::Op::VerifyCode { flow, address, code }) => Some((one, flow, address, code)),
                _ => None,
            })
            .collect();
        for (one, flow, address, _) in &typed {
            let Some(told) = one.failure() else { continue };
            let limit = match told {
                "too-many-attempts" => settings.get("wrong codes in a login"),
                "too-many-logins" => settings.get("attempts at an address"),
                _ => continue,
            };
            let mut codes = BTreeSet::new();
            let mut guessed = false;
            for (other, in_flow, at, code) in &typed {
                if at != address || other.began_ms > one.ended_ms() {
                    continue;
                }
                codes.insert((*in_flow, *code));
                guessed |= !mailed
                    .iter()
                    .any(|(ms, to, mailed)| to == at && mailed == code && one.ended_ms() < ms + lives_ms);
            }
            let excuse = match (guessed, codes.len() as u64 > limit) {
                (true, _) => Some("somebody guessed there"),
                (_, true) => Some("so many different codes were typed"),
                _ => None,
            };
            if evidence.is_violated(true, excuse) {
                let what = format!(
                    "{} typed {} right code(s) for {address} (flow {}), and is told {told}",
                    one.who,
                    codes.len(),
                    flow.0
                );
                return Err(violation(&self.name(), one.ended_ms(), one.records(), what).because(told));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        property::testing::*,
        vocabulary::{Seen, Tag},
    };

    fn verify(story: Story, at_ms: u64, code: &str, seen: Seen) -> Story {
        let op = Op::MailedCode(mailed_code::Op::VerifyCode {
            flow: Tag("f".into()),
            address: "ann@example.com".into(),
            code: Tag(code.into()),
        });
        story.op((at_ms, at_ms + 100), "ann", op, seen)
    }

    fn mailed() -> Story {
        let mailed = mailed_code::Observation::CodeMailed {
            address: "ann@example.com".into(),
            code: Tag("right".into()),
        };
        Story::new().event(1_000, "mail", Event::Own(Observation::MailedCode(mailed)))
    }

    fn pressed(story: Story) -> Story {
        (0..5).fold(story, |story, n| {
            verify(story, 2_000 + n * 1_000, "right", fail("temporarily-unavailable"))
        })
    }

    #[test]
    fn rejects_a_limit_for_a_right_code() {
        for told in ["too-many-attempts", "too-many-logins"] {
            let story = verify(pressed(mailed()), 9_000, "right", fail(told));
            assert_eq!(story.judged_by(&RightCodesAdmitted).unwrap_err().reason, told);
        }
    }

    #[test]
    fn accepts_limits_for_guesses_and_right_codes_that_work() {
        let right = verify(pressed(mailed()), 9_000, "right", Seen::Ok);
        assert_eq!(right.judged_by(&RightCodesAdmitted), Ok(()));
        let guessed = verify(mailed(), 2_000, "wrong", fail("wrong-code"));
        let guessed = verify(guessed, 9_000, "right", fail("too-many-attempts"));
        assert_eq!(guessed.judged_by(&RightCodesAdmitted), Ok(()));
    }
}
