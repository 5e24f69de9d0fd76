//! A replica keeps its port open while what is wrong is wrong for everybody: closing it would take away what still works, and
//! the other replica would be no better.
//!
//! Source: inventory 25, 26 (degraded, and told why). A Redis that refuses everybody's writes can be read, as can a directory
//! whose disk is full; who is logged in stays so.
//!
//! Fairness. Judged is each time a replica's log says that it closes its port, if all that was wrong until then was: Redis
//! refuses writes, the directory is full or locked, the relay or the analytics hook fails.
//!
//! Edges. Anything else that was wrong within the time after which a replica may close its port, twice, excuses it.

use super::health_tells::{Span, spans};
use crate::{
    property::violation,
    vocabulary::{Evidence, Fault, Kind, Login, OwnFault, Property, Refusal, Violation},
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
        let spans = spans(evidence);
        let before_ms = 2 * Settings::default().get("degraded");
        let lines = evidence.operators.log.iter().map(|written| &written.line);
        for line in lines.filter(|line| line.text.starts_with(CLOSES)) {
            let excuse = spans
                .iter()
                .any(|span| {
                    !is_everywhere(span)
                        && span.from_ms <= line.at_ms
                        && line.at_ms <= span.to_ms.saturating_add(before_ms)
                })
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
        Fault::Own(OwnFault::Directory(_) | OwnFault::Mail(_) | OwnFault::Analytics(_)) => true,
        Fault::RedisRefuses { why, .. } => matches!(why, Refusal::OutOfMemory | Refusal::TooFewReplicas),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{directory, property::testing::*};

    fn full() -> Story {
        let full = directory::Fault::DirectoryFull { lasts_ms: 14_000 };
        Story::new().fault(5_000, Fault::Own(OwnFault::Directory(full)))
    }

    const LINE: &str = "degraded: closing the port reasons=directory: the directory's disk is full";

    #[test]
    fn rejects_a_port_that_closes_for_a_full_disk() {
        let story = full().logged(11_500, LINE, &[]);
        let violated = story.judged_by(&PortStaysOpen).expect_err("it closed");
        assert_eq!(violated.reason, "port-closed");
    }

    #[test]
    fn accepts_one_that_closes_for_something_else() {
        let kill = Fault::Kill { host: "redis-1".into() };
        assert_eq!(full().judged_by(&PortStaysOpen), Ok(()));
        let story = full().fault(4_000, kill).logged(11_500, LINE, &[]);
        assert_eq!(story.judged_by(&PortStaysOpen), Ok(()));
    }
}
