//! Calls that come by the clock come no more often than their site says, and calls end within the time that it says.

use super::{CallRecord, CallSite};
use crate::property::{Violation, slug};
use std::{collections::BTreeMap, sync::Arc};

/// The name of the property that calls by the clock keep their pace.
pub const CALLS_BY_CLOCK: &str = "CallsByClock";

/// The name of the property that calls end in time.
pub const CALLS_IN_TIME: &str = "CallsInTime";

/// The first call for which a process waited longer than promised.
pub(crate) fn too_long(sites: &[CallSite], calls: &[CallRecord]) -> Option<Violation> {
    let record = calls.iter().find(|record| record.is_late)?;
    let CallRecord { at_ms, host, call, .. } = record;
    let within_ms = sites.iter().find(|site| site.name == *call)?.within_ms?;
    let what = format!("{host} waits longer than {within_ms} ms for the call \u{201c}{call}\u{201d}");
    let violation = Violation::new(at_ms + within_ms, vec![], what);
    Some(violation.because(slug(call)).of(CALLS_IN_TIME.into()))
}

/// So many calls in a row are looked at: a process that starts anew makes one at once.
const IN_A_ROW: usize = 12;

/// The first host that makes a call twice as often as it may, or more often still.
pub(crate) fn too_often(sites: &[CallSite], calls: &[CallRecord]) -> Option<Violation> {
    let mut made: BTreeMap<(Arc<str>, &str), Vec<u64>> = BTreeMap::new();
    let paced = |call: &str| {
        sites
            .iter()
            .find(|site| site.name == call)
            .and_then(|site| site.every_ms)
    };
    for record in calls {
        let Some(every_ms) = paced(record.call) else { continue };
        let times = made.entry((record.host.clone(), record.call)).or_default();
        times.push(record.at_ms);
        let Some(earlier) = times.len().checked_sub(IN_A_ROW) else {
            continue;
        };
        let took_ms = record.at_ms - times[earlier];
        let least_ms = (IN_A_ROW as u64 - 1) * every_ms / 2;
        if took_ms < least_ms {
            let (host, call) = (&record.host, record.call);
            let what = format!(
                "{host} makes the call \u{201c}{call}\u{201d} {IN_A_ROW} times in {took_ms} ms; it comes once in {every_ms} ms"
            );
            return Some(
                Violation::new(record.at_ms, vec![], what)
                    .because("too-often")
                    .of(CALLS_BY_CLOCK.into()),
            );
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const SITES: [CallSite; 2] = [CallSite::new("look", &[]).every_ms(1000), CallSite::new("ask", &[])];

    fn calls(call: &'static str, every_ms: u64) -> Vec<CallRecord> {
        let record = |n: u64| CallRecord {
            at_ms: n * every_ms,
            host: "desk-1".into(),
            call,
            nth: n as u32 + 1,
            after: None,
            answered: None,
            ended_ms: None,
            is_late: false,
            failure: None,
        };
        (0..30).map(record).collect()
    }

    #[test]
    fn a_pace_is_kept_or_not() {
        assert_eq!(too_often(&SITES, &calls("look", 1000)), None);
        assert_eq!(too_often(&SITES, &calls("look", 600)), None, "slack for restarts");
        assert_eq!(too_often(&SITES, &calls("ask", 1)), None, "nothing was promised");
        let found = too_often(&SITES, &calls("look", 1)).expect("a thousand times as often");
        assert_eq!((found.property.as_str(), found.at_ms), (CALLS_BY_CLOCK, 11));
    }
}
