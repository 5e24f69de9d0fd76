//! The outbox holds as many mails as `core/LIMITS.md` says, hands so many at once to the relay, keeps none waiting while
//! there is room, and ends each conversation as RFC 5321 asks.
//!
//! Source: inventory 1 (one mail that hangs delays no other; the queue is bounded), RFC 5321 section 4.1.1.10 (a client
//! says QUIT and waits for its answer before it closes the connection).
//!
//! Fairness. Judged by what the relay sees: when conversations begin and end. A relay that is slow changes nothing of it,
//! so the property judges until the first fault of another kind. How many are under way is judged for all replicas
//! together. In a world with one replica and without reminders it is also known which mails wait there: those that people
//! were promised, and that no conversation has taken.
//!
//! Edges. A client gives up a conversation after the deadline for one try, and the relay may not notice. Between the end
//! of one conversation and the beginning of the next there are some ways through the network. A relay that is slow closes
//! nothing late: the slowness comes before its answer to a mail.

use super::conversations::{Conversation, conversations, first_other_ms, promises};
use crate::{
    exchange, mailed_code,
    property::{human, invocations, reading::Invocation, violation},
    vocabulary::{Event, Evidence, Kind, Login, Mode, Observation, Op, Property, Tag, Violation},
};
use spec::Settings;
use std::collections::{BTreeMap, BTreeSet};

/// How long it takes from the end of one conversation to the beginning of the next, and from the promise of a mail to the
/// beginning of its first conversation, milliseconds: some ways through the network.
const TURN_MS: u64 = 300;

/// Property: the outbox is as large, and as busy, as documented. See the module.
pub struct OutboxBounded;

struct Limits {
    wait: u64,
    under_way: u64,
    try_ms: u64,
}

impl Property<Login> for OutboxBounded {
    fn name(&self) -> String {
        "OutboxBounded".into()
    }
    fn kind(&self) -> Kind {
        Kind::Always
    }
    fn claim(&self) -> String {
        "the outbox is as large as documented, and no mail waits in it while there is room at the relay".into()
    }
    fn check(&self, evidence: &Evidence<'_>) -> Result<(), Violation> {
        let documented = Settings::default();
        let world = &evidence.plan.world;
        let limits = Limits {
            wait: world.outbox as u64,
            under_way: documented.get("mails under way"),
            try_ms: documented.get("mail relay"),
        };
        let judging = Judging {
            name: self.name(),
            evidence,
            limits,
            until_ms: first_other_ms(evidence.history, |mode| {
                matches!(mode, Mode::Healthy | Mode::Slow { .. })
            }),
            conversations: conversations(evidence.history),
        };
        judging.under_way()?;
        judging.quits()?;
        if world.replicas == 1 && world.reminders.is_empty() {
            judging.turns()?;
            judging.slots()?;
        }
        Ok(())
    }
}

struct Judging<'a, 'e> {
    name: String,
    evidence: &'a Evidence<'e>,
    limits: Limits,
    until_ms: u64,
    conversations: Vec<Conversation<'a>>,
}

impl Judging<'_, '_> {
    /// Conversations that certainly are going on when one begins.
    fn under_way(&self) -> Result<(), Violation> {
        let world = &self.evidence.plan.world;
        // The leader's reminders come besides.
        let most = self.limits.under_way * world.replicas as u64 + u64::from(!world.reminders.is_empty());
        let surely_over_ms = |one: &Conversation<'_>| one.over_ms(self.limits.try_ms - TURN_MS);
        for conversation in &self.conversations {
            let at_ms = conversation.began_ms;
            if at_ms >= self.until_ms {
                break;
            }
            let going_on: Vec<usize> = (self.conversations.iter())
                .filter(|other| other.began_at <= conversation.began_at && at_ms < surely_over_ms(other))
                .map(|other| other.began_at)
                .collect();
            let count = going_on.len() as u64;
            if self.evidence.is_violated(count > most, None) {
                let what = format!("{count} conversations with the relay are going on, and at most {most} may be");
                return Err(violation(&self.name, at_ms, going_on, what).because("too-many-under-way"));
            }
        }
        Ok(())
    }

    /// A client waits for the answer to its QUIT: that takes one way here and one way back.
    fn quits(&self) -> Result<(), Violation> {
        let least_ms = 2 * self.evidence.plan.world.latency_ms_min;
        for conversation in &self.conversations {
            let Some(ended_ms) = conversation.ended_ms.filter(|ms| *ms < self.until_ms) else {
                continue;
            };
            let given_up_ms = conversation.began_ms + self.limits.try_ms - TURN_MS;
            let must_quit = !conversation.took.is_empty() && ended_ms < given_up_ms;
            if self
                .evidence
                .is_violated(must_quit && conversation.quit_ms.is_none(), None)
            {
                let what = "the connection to the relay was closed without QUIT".to_owned();
                let evidence = vec![conversation.began_at];
                return Err(violation(&self.name, ended_ms, evidence, what).because("no-quit"));
            }
            let Some(quit_ms) = conversation.quit_ms else {
                continue;
            };
            if self.evidence.is_violated(ended_ms < quit_ms + least_ms, None) {
                let what = format!(
                    "the connection to the relay was closed before the answer to QUIT of {}",
                    human(quit_ms)
                );
                let evidence = vec![conversation.began_at];
                return Err(violation(&self.name, ended_ms, evidence, what).because("quit-not-awaited"));
            }
        }
        Ok(())
    }

    /// A promised mail waits only while as many as may be are under way.
    fn turns(&self) -> Result<(), Violation> {
        let mails = self.mails();
        for (address, presses) in promises(self.evidence.plan, self.evidence.history) {
            let excuse = (presses.len() > 1).then_some("pressed more than once, so that nobody knows which mail it is");
            let press = &presses[0];
            let first = mails.get(address).and_then(|mails| mails.first());
            let taken_by = |id: &&str| {
                let took = |one: &&Conversation<'_>| one.took.iter().any(|took| took == id);
                self.conversations.iter().find(took)
            };
            let Some(conversation) = first.and_then(taken_by) else {
                continue; // whether it comes is another property
            };
            let (from_ms, to_ms) = (press.ended_ms(), conversation.began_ms);
            if to_ms >= self.until_ms {
                continue;
            }
            let idle_ms = self.longest_with_room_ms(from_ms, to_ms);
            if self.evidence.is_violated(idle_ms > TURN_MS, excuse) {
                let what = format!(
                    "a mail to {address} waited until {}, and for {} of that time fewer than {} were under way",
                    human(to_ms),
                    human(idle_ms),
                    self.limits.under_way
                );
                let mut evidence = press.records();
                evidence.push(conversation.began_at);
                return Err(violation(&self.name, to_ms, evidence, what).because("waits-for-nothing"));
            }
        }
        Ok(())
    }

    /// The longest time within a span in which there was room for another conversation, milliseconds.
    fn longest_with_room_ms(&self, from_ms: u64, to_ms: u64) -> u64 {
        let perhaps_over_ms = |one: &Conversation<'_>| one.over_ms(self.limits.try_ms + TURN_MS);
        let mut moments: Vec<u64> = (self.conversations.iter())
            .flat_map(|one| [one.began_ms, perhaps_over_ms(one)])
            .filter(|ms| (from_ms..to_ms).contains(ms))
            .chain([from_ms, to_ms])
            .collect();
        moments.sort_unstable();
        let (mut longest_ms, mut since) = (0, None);
        for ms in moments {
            let going_on = (self.conversations.iter())
                .filter(|one| one.began_ms <= ms && ms < perhaps_over_ms(one))
                .count();
            let has_room = (going_on as u64) < self.limits.under_way;
            let began_ms = since.unwrap_or(ms);
            longest_ms = longest_ms.max(ms.min(to_ms).saturating_sub(began_ms));
            since = has_room.then_some(began_ms);
        }
        longest_ms
    }

    /// The `Message-ID`s of mails with codes, by address.
    fn mails(&self) -> BTreeMap<&str, Vec<&str>> {
        let mut mails: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for record in &self.evidence.history.records {
            if let Event::Own(Observation::Exchange(exchange::Observation::Mailed { address, mail })) = &record.event {
                let id = mail.headers.iter().find(|(name, _)| name == "message-id");
                let id = id.map_or("", |(_, id)| id.as_str());
                mails.entry(address).or_default().push(id);
            }
        }
        mails
    }

    /// A press is refused only if the outbox is full, and not accepted if it is.
    fn slots(&self) -> Result<(), Violation> {
        let all = invocations(self.evidence.history);
        let presses: Vec<&Invocation<'_>> = (all.iter())
            .filter(|press| matches!(press.op, Op::MailedCode(mailed_code::Op::SendCode { .. })))
            .collect();
        let promised: Vec<Invocation<'_>> = promises(self.evidence.plan, self.evidence.history)
            .into_values()
            .flatten()
            .collect();
        // Another press in the same login may be a repetition, which promises nothing.
        let logins = |by_ms: u64| {
            let ended = promised.iter().filter(|press| press.ended_ms() <= by_ms);
            let flows: BTreeSet<_> = ended.filter_map(flow_of).collect();
            flows.len() as u64
        };
        let over = |by_ms: u64, slack_ms: u64| {
            let deadline_ms = self.limits.try_ms + slack_ms;
            let is_over = |one: &&Conversation<'_>| one.over_ms(deadline_ms) <= by_ms;
            self.conversations.iter().filter(is_over).count() as u64
        };
        for press in &presses {
            let (Some(end), began_ms) = (press.end, press.began_ms) else {
                continue;
            };
            if end.at_ms >= self.until_ms {
                break;
            }
            let is_refused = press.failure() == Some("temporarily-unavailable");
            if is_refused {
                let perhaps = presses
                    .iter()
                    .filter(|other| other.began_ms < end.at_ms && other.failure().is_none());
                let perhaps = perhaps.count() as u64;
                let at_most = perhaps.saturating_sub(over(began_ms.saturating_sub(TURN_MS), TURN_MS));
                if self.evidence.is_violated(at_most < self.limits.wait, None) {
                    let what = format!(
                        "{} is refused a mail, and at most {at_most} of {} wait",
                        press.who, self.limits.wait
                    );
                    let evidence = press.records();
                    return Err(violation(&self.name, end.at_ms, evidence, what).because("refused-although-room"));
                }
            }
            if press.ok() {
                let at_least = logins(began_ms).saturating_sub(over(end.at_ms, 0));
                if self.evidence.is_violated(at_least >= self.limits.wait, None) {
                    let what = format!(
                        "{} is promised a mail, and {at_least} wait already, of at most {}",
                        press.who, self.limits.wait
                    );
                    let evidence = press.records();
                    return Err(violation(&self.name, end.at_ms, evidence, what).because("accepted-although-full"));
                }
            }
        }
        Ok(())
    }
}

fn flow_of<'a>(press: &Invocation<'a>) -> Option<&'a Tag> {
    match press.op {
        Op::MailedCode(mailed_code::Op::SendCode { flow, .. }) => Some(flow),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
