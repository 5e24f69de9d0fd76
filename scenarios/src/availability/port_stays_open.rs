//! A replica keeps its port open while what is wrong is wrong for everybody: closing it would take away what still works, and
//! the other replica would be no better.
//!
//! Source: inventory 25, 26 (degraded, and told why). A Redis that refuses everybody's writes can be read, as can a directory
//! whose disk is full; who is logged in stays so.
//!
//! Fairness. Judged is each time a replica's log says that it closes its port, if all that was wrong until then was: Redis
//! refuses writes, the directory is full or locked, the relay or the analytics hook fails.
//!
//! Edges. A fault of another kind excuses it, of Redis, of a Sentinel or of the replica itself, until twice the time after which
//! a replica may close its port has passed since its end.

use crate::{
    directory,
    property::{
        spans::{Span, spans},
        violation,
    },
    vocabulary::{Evidence, Fault, Kind, Login, OwnFault, Property, Refusal, Violation},
    world::hosts,
};
use spec::Settings;

/// Property: no port is closed for what is wrong everywhere. See the module.
pub struct PortStaysOpen;

const CLOSES: &str = "degraded: closing the port";

impl Property<Login> for PortStaysOpen {
    fn kind(&self) -> Kind {
        Kind::Always
    }
    fn claim(&self) -> String {
        "no replica closes its port because of something that is wrong for all of them".into()
    }
    fn check(&self, evidence: &Evidence<'_>) -> Result<(), Violation> {
        let spans = spans(evidence.history);
        let before_ms = 2 * Settings::default().get("degraded");
        let lines = evidence.operators.log.iter().map(|written| &written.line);
        for line in lines.filter(|line| line.text.starts_with(CLOSES)) {
            let may_close = |span: &Span<'_>| {
                let lasts = span.from_ms <= line.at_ms && line.at_ms <= span.to_ms.saturating_add(before_ms);
                lasts && !is_everywhere(span) && concerns(span, &line.host)
            };
            let excuse = spans
                .iter()
                .any(may_close)
                .then_some("something else was wrong as well");
            if evidence.is_violated(true, excuse) {
                let what = format!("{} says \u{201c}{}\u{201d}", line.host, line.text);
                return Err(violation(&self.name(), line.at_ms, vec![], what).because("port-closed"));
            }
        }
        // While something is wrong everywhere, each port that stays open is a thing judged.
        evidence.judged(spans.iter().filter(|span| is_everywhere(span)).count());
        Ok(())
    }
}

/// Whether what is wrong is wrong for every replica, and another one would not help.
fn is_everywhere(span: &Span<'_>) -> bool {
    match span.fault {
        // Whoever starts again has other files, or cannot read the keys.
        Fault::Own(OwnFault::Directory(
            directory::Fault::DirectoryLogDeleted {} | directory::Fault::SigningKeyDamaged { .. },
        )) => false,
        Fault::Own(OwnFault::Directory(_) | OwnFault::Mail(_) | OwnFault::Analytics(_)) => true,
        Fault::RedisRefuses { why, .. } => matches!(why, Refusal::OutOfMemory | Refusal::TooFewReplicas),
        _ => false,
    }
}

/// Whether it happens to this replica, or to a host that all replicas need.
fn concerns(span: &Span<'_>, replica: &str) -> bool {
    let of = span.fault.hosts();
    let is_store = |host: &&str| host.starts_with(hosts::REDIS) || host.starts_with(hosts::SENTINEL);
    let is_of_another = of.iter().any(|host| host.starts_with("idp-") && *host != replica);
    of.contains(&replica) || (of.iter().any(is_store) && !is_of_another)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        property::testing::Story,
        scenario::{
            analytics, cut, directory_busy, directory_full, disk_fails, kill, mail, redis_refuses, secs, start,
        },
        vocabulary::Mode,
    };

    const LASTS: std::time::Duration = secs(30);

    /// A port is closed at 20 s.
    fn closes(story: Story) -> Story {
        story.logged(
            20_000,
            "degraded: closing the port for logins reasons=directory: the directory's disk is full",
            &[],
        )
    }

    fn broken_by(fault: Fault) -> Story {
        Story::new().fault(10_000, fault)
    }

    fn both_refuse(why: Refusal) -> Story {
        broken_by(redis_refuses("redis-1", why, LASTS)).fault(10_000, redis_refuses("redis-2", why, LASTS))
    }

    #[test]
    fn rejects_a_port_that_closes_for_what_is_wrong_everywhere() {
        for story in [
            broken_by(directory_full(LASTS)),
            broken_by(directory_busy(LASTS)),
            broken_by(mail(Mode::Hanging)),
            broken_by(analytics(Mode::Failing)),
            both_refuse(Refusal::OutOfMemory),
            both_refuse(Refusal::TooFewReplicas),
            // What happens to another replica is none of this one's.
            broken_by(directory_full(LASTS)).fault(12_000, kill("idp-b")),
            broken_by(disk_fails("idp-b", LASTS)),
            broken_by(cut("idp-b", "redis-1")),
            Story::new(),
        ] {
            let violated = closes(story).judged_by(&PortStaysOpen).expect_err("it closed");
            assert_eq!(violated.reason, "port-closed");
        }
    }

    #[test]
    fn accepts_one_that_closes_for_something_else() {
        for story in [
            broken_by(kill("redis-1")),
            both_refuse(Refusal::Password),
            broken_by(disk_fails("idp-a", LASTS)),
            broken_by(cut("idp-a", "redis-1")),
        ] {
            assert_eq!(closes(story).judged_by(&PortStaysOpen), Ok(()));
        }
        let open = broken_by(directory_full(LASTS));
        assert_eq!(
            open.tally(&PortStaysOpen),
            (1, vec![]),
            "a port that stays open is judged"
        );
    }

    #[test]
    fn what_is_over_excuses_for_a_while() {
        let healed = |at_ms| broken_by(kill("redis-1")).fault(at_ms, start("redis-1"));
        let before_ms = 2 * Settings::default().get("degraded");
        assert_eq!(closes(healed(20_000 - before_ms)).judged_by(&PortStaysOpen), Ok(()));
        assert!(
            closes(
                Story::new()
                    .fault(1_000, kill("redis-1"))
                    .fault(20_000 - before_ms - 1, start("redis-1"))
            )
            .judged_by(&PortStaysOpen)
            .is_err()
        );
    }
}
