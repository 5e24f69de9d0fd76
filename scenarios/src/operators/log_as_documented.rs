//! Every line of a replica's log is one that `core/MESSAGES.md` knows, follows the lines before it, and blames nothing that
//! works.
//!
//! Source: inventory 26 (a replica says what is wrong with it), 29 (an epoch is begun once) and 56 (a cause that was swallowed).
//! Operators search a log for what its documentation says, and alarms are set on its words.
//!
//! Fairness. A part counts as one that may not work from the first fault on that can have hit it: what its failure leaves
//! behind (a lock, a connection, a master that is named wrongly) is told of for longer than the fault lasts. The store is
//! far away; every fault but those of the directory, the mail relay and the hook may hit it.
//!
//! What can be seen of a process from outside must be told, too: [`lines_missing`]; who leads as its health says it:
//! [`leader_told`]; and what fails by itself before what it fails: [`parts_told`].
//!
//! Edges. What the simulated supervisor says of a process that could not start is not the service's own line.

use super::{blame::blames_rightly, leader_told, lines_missing, parts_told};
use crate::{
    property::{faults, violation},
    vocabulary::{Event, Evidence, Fault, Kind, Login, Property, Violation},
};
use spec::{LogLine, ProcessEnd};

/// Property: the log says what is documented. See the module.
pub struct LogAsDocumented;

/// How the supervisor's line begins.
pub(super) const SUPERVISOR: &str = "the replica could not start";

impl Property<Login> for LogAsDocumented {
    fn kind(&self) -> Kind {
        Kind::Always
    }
    fn claim(&self) -> String {
        "every line of the log is documented, follows those before it, and blames nothing that works".into()
    }
    fn check(&self, evidence: &Evidence<'_>) -> Result<(), Violation> {
        let own = || evidence.operators.log.iter().map(|written| &written.line);
        let lines: Vec<LogLine<'_>> = own()
            .filter(|line| !line.text.starts_with(SUPERVISOR))
            .map(|line| LogLine {
                at_ms: line.at_ms,
                host: &line.host,
                level: line.level,
                text: &line.text,
            })
            .collect();
        evidence.judged(lines.len());
        let ends = process_ends(evidence);
        if let Some(wrong) = spec::judge_log(&lines, &ends, evidence.exact_to_ms) {
            return Err(violation(&self.name(), wrong.at_ms, vec![], wrong.what).because(wrong.reason));
        }
        let troubles: Vec<(u64, &Fault)> = faults(evidence.history)
            .map(|(at_ms, _, fault)| (at_ms, fault))
            .collect();
        for line in lines.iter().filter(|line| line.level != "INFO") {
            if !blames_rightly(line, &troubles) {
                let what = format!("{} blames what no fault had hit: {:?}", line.host, line.text);
                return Err(violation(&self.name(), line.at_ms, vec![], what).because("blames-what-works"));
            }
        }
        leader_told::check(&self.name(), evidence, &ends)?;
        lines_missing::check(&self.name(), evidence)?;
        parts_told::check(&self.name(), evidence)
    }
}

/// When processes of replicas ended: they were killed, lost power, could not start, or stopped.
fn process_ends<'a>(evidence: &'a Evidence<'_>) -> Vec<ProcessEnd<'a>> {
    let killed = faults(evidence.history).filter_map(|(at_ms, _, fault)| match fault {
        Fault::Kill { host } | Fault::PowerLoss { host } => Some(ProcessEnd { at_ms, host }),
        _ => None,
    });
    let failed = evidence.operators.log.iter().map(|written| &written.line);
    let failed = failed
        .filter(|line| line.text.starts_with(SUPERVISOR))
        .map(|line| ProcessEnd {
            at_ms: line.at_ms,
            host: &line.host,
        });
    let ended = evidence
        .history
        .records
        .iter()
        .filter_map(|record| match &record.event {
            Event::Exit { host, .. } => Some(ProcessEnd {
                at_ms: record.at_ms,
                host,
            }),
            _ => None,
        });
    killed.chain(failed).chain(ended).collect()
}

#[cfg(test)]
mod tests;
