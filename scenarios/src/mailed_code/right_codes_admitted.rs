//! Whoever types nothing but right codes is never told that there were too many attempts, however often they have to press.
//!
//! Source: inventory 18 and 20 (limits count guesses), 54 (a blip of the directory must not cost anybody their login).
//!
//! Fairness. Judged in stories in which Redis works, which counts. A code that had been mailed to the address of the login is no
//! guess, and the same code again is not another one. A limit of a login counts the codes of that login, and a limit of an address
//! those of a window. Somebody who typed more different codes there than the limit admits is not judged, and nobody where others
//! guess.
//!
//! Edges. A code that has expired is no right one any more, and none that is typed before it was mailed. A code that works is
//! judged as well: it was admitted.

use crate::{
    mailed_code,
    property::{
        calm::first_of,
        invocations, limits,
        reading::{Invocation, mails},
        violation,
    },
    vocabulary::{Evidence, Kind, Login, Op, Property, Tag, Violation},
};
use std::collections::BTreeSet;

/// Property: right codes are admitted. See the module.
pub struct RightCodesAdmitted;

impl Property<Login> for RightCodesAdmitted {
    fn kind(&self) -> Kind {
        Kind::Always
    }
    fn claim(&self) -> String {
        "whoever types nothing but right codes is never told that there were too many attempts".into()
    }
    fn check(&self, evidence: &Evidence<'_>) -> Result<(), Violation> {
        let (promised, world) = (limits(), &evidence.plan.world);
        let lives_ms = world.email_code_ttl_s * 1000;
        let window_ms = world.limit_window_s * 1000;
        let mailed: Vec<(u64, &str, &Tag)> = mails(evidence.history)
            .map(|(at_ms, _, address, code)| (at_ms, address, code))
            .collect();
        let invocations = invocations(evidence.history);
        let typed: Vec<Typed<'_>> = invocations.iter().filter_map(Typed::of).collect();
        for one in &typed {
            let ended_ms = one.press.ended_ms();
            let (told, limit, of_login) = match one.press.failure() {
                Some(told @ "too-many-attempts") => (told, promised.verify_attempts, true),
                Some(told @ "too-many-logins") => (told, promised.login_attempts, false),
                _ => {
                    evidence.judged(usize::from(one.press.ok()));
                    continue;
                }
            };
            let counts = |other: &&Typed<'_>| {
                let is_of_it = match of_login {
                    true => other.flow == one.flow,
                    false => one.press.began_ms <= other.press.ended_ms().saturating_add(window_ms),
                };
                is_of_it && other.address == one.address && other.press.began_ms <= ended_ms
            };
            let is_right = |other: &Typed<'_>| {
                mailed.iter().any(|(mailed_ms, address, code)| {
                    *address == other.address
                        && *code == other.code
                        && *mailed_ms <= other.press.began_ms
                        && other.press.ended_ms().min(ended_ms) < mailed_ms + lives_ms
                })
            };
            let counted: Vec<&Typed<'_>> = typed.iter().filter(counts).collect();
            let codes: BTreeSet<_> = counted.iter().map(|other| (other.flow, other.code)).collect();
            let excuse = first_of([
                (!counted.iter().all(|other| is_right(other)), "somebody guessed there"),
                (codes.len() as u64 > limit, "so many different codes were typed"),
            ]);
            if evidence.is_violated(true, excuse) {
                let what = format!(
                    "{} typed {} right code(s) for {} (flow {}), and is told {told}",
                    one.press.who,
                    codes.len(),
                    one.address,
                    one.flow.0
                );
                return Err(violation(&self.name(), ended_ms, one.press.records(), what).because(told));
            }
        }
        Ok(())
    }
}

/// A code that somebody typed.
struct Typed<'a> {
    press: &'a Invocation<'a>,
    flow: &'a Tag,
    address: &'a str,
    code: &'a Tag,
}

impl<'a> Typed<'a> {
    fn of(press: &'a Invocation<'a>) -> Option<Typed<'a>> {
        match press.op {
            Op::MailedCode(mailed_code::Op::VerifyCode { flow, address, code }) => Some(Typed {
                press,
                flow,
                address,
                code,
            }),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{property::testing::*, vocabulary::Seen};

    /// Ann types a code in a login.
    fn types(story: Story, at_ms: u64, (flow, code): (&str, &str), seen: Seen) -> Story {
        story.op((at_ms, at_ms + 100), "ann", verify(flow, "ann", code), seen)
    }

    /// So many codes are mailed to her at 1 s, and she types each of them in this login, a second after the other, from then on.
    fn types_all(flow: &str, codes: u64, from_ms: u64, seen: &Seen) -> Story {
        (0..codes).fold(Story::new(), |story, n| {
            let code = format!("c{n}");
            let story = story.event(1_000, "mail", mailed("ann", &code));
            types(story, from_ms + n * 1_000, (flow, &code), seen.clone())
        })
    }

    fn try_again() -> Seen {
        fail("temporarily-unavailable")
    }

    /// Her code is mailed at 1 s.
    fn has_code() -> Story {
        Story::new().event(1_000, "mail", mailed("ann", "right"))
    }

    fn rejects(story: Story, told: &str) {
        assert_eq!(story.judged_by(&RightCodesAdmitted).unwrap_err().reason, told);
    }

    fn accepts(story: Story, excuse: &str) {
        assert_eq!(story.tally(&RightCodesAdmitted), (0, vec![(excuse.into(), 1, 1)]));
    }

    #[test]
    fn a_code_that_works_is_judged() {
        let right = types(has_code(), 2_000, ("f", "right"), try_again());
        let right = types(right, 9_000, ("f", "right"), Seen::Ok);
        assert_eq!(right.tally(&RightCodesAdmitted), (1, vec![]));
    }

    #[test]
    fn rejects_a_limit_for_a_right_code_that_is_typed_again_and_again() {
        for told in ["too-many-attempts", "too-many-logins"] {
            let pressed = (0..5).fold(has_code(), |story, n| {
                types(story, 2_000 + n * 1_000, ("f", "right"), try_again())
            });
            rejects(types(pressed, 9_000, ("f", "right"), fail(told)), told);
        }
    }

    #[test]
    fn as_many_codes_as_a_limit_admits_are_admitted_and_no_more() {
        for (told, limit, excuse) in [
            ("too-many-attempts", 5, "so many different codes were typed"),
            ("too-many-logins", 10, "so many different codes were typed"),
        ] {
            let last = |codes: u64| {
                let story = types_all("f", codes, 2_000, &try_again());
                let code = format!("c{codes}");
                let story = story.event(1_000, "mail", mailed("ann", &code));
                types(story, 20_000, ("f", &code), fail(told))
            };
            rejects(last(limit - 1), told);
            accepts(last(limit), excuse);
        }
    }

    #[test]
    fn codes_of_another_login_do_not_count_for_this_one() {
        let other = types_all("other", 6, 2_000, &try_again());
        let other = other.event(1_000, "mail", mailed("ann", "right"));
        rejects(
            types(other, 9_000, ("f", "right"), fail("too-many-attempts")),
            "too-many-attempts",
        );
    }

    #[test]
    fn codes_of_another_window_do_not_count_in_this_one() {
        let told = |at_ms| {
            let mut story = types_all("f", 11, 2_000, &try_again()).event(1_000, "mail", mailed("ann", "right"));
            story.world.limit_window_s = 60;
            types(story, at_ms, ("g", "right"), fail("too-many-logins"))
        };
        // The first of the eleven ended at 2.1 s, the last one at 12.1 s.
        rejects(told(72_101), "too-many-logins");
        accepts(told(62_100), "so many different codes were typed");
    }

    #[test]
    fn accepts_a_limit_for_whoever_guesses() {
        let told = |story| types(story, 9_000, ("f", "right"), fail("too-many-attempts"));
        let guess = |story, code| types(story, 2_000, ("f", code), fail("wrong-code"));
        let excuse = "somebody guessed there";
        accepts(told(guess(has_code(), "wrong")), excuse);
        let mailed_later = guess(Story::new(), "late").event(3_000, "mail", mailed("ann", "late"));
        accepts(told(mailed_later.event(3_000, "mail", mailed("ann", "right"))), excuse);
        accepts(
            told(guess(has_code(), "ben").event(1_000, "mail", mailed("ben", "ben"))),
            excuse,
        );
        let mut expired = types(has_code(), 12_000, ("f", "right"), fail("too-many-attempts"));
        expired.world.email_code_ttl_s = 10;
        accepts(expired, excuse);
    }

    #[test]
    fn a_code_that_expires_afterwards_was_right_when_it_was_typed() {
        let story = types(has_code(), 2_000, ("f", "right"), try_again());
        let mut story = types(
            story.event(3_000, "mail", mailed("ann", "second")),
            11_500,
            ("f", "second"),
            fail("too-many-attempts"),
        );
        story.world.email_code_ttl_s = 10;
        rejects(story, "too-many-attempts");
    }
}
