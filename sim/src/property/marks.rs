//! Marks that several suites use, for [`Scenario::sometimes`](crate::scenario::Scenario::sometimes).

use crate::{
    history::{Event, History},
    property::MarkView,
    service::Service,
};

/// Whether the service or its world set this mark: see [`seams::Env::mark`].
pub fn marked<S: Service>(name: &'static str) -> impl Fn(&MarkView<'_, S>) -> bool + Send + Sync {
    move |view| view.marks.get(name).is_some_and(|count| *count > 0)
}

/// Whether an operation of anybody succeeded.
pub fn somebody_succeeded<S: Service>(view: &MarkView<'_, S>) -> bool {
    view.history.succeeded().iter().next().is_some()
}

/// Whether somebody was refused with this reason.
pub fn refused_with<S: Service>(word: &'static str) -> impl Fn(&MarkView<'_, S>) -> bool + Send + Sync {
    move |view| {
        let attempts = view.history.attempts();
        attempts.iter().any(|attempt| attempt.refusal() == Some(word))
    }
}

/// Whether a fault was injected while an operation was in flight.
pub fn fault_hit_somebody<S: Service>(view: &MarkView<'_, S>) -> bool {
    let mut events = view.history.records.iter().map(|record| &record.event);
    events.any(|event| matches!(event, Event::Fault { fault, in_flight, .. } if !fault.repairs() && *in_flight > 0))
}

/// Whether another Redis node than the first one became master.
pub fn master_replaced<S: Service>(view: &MarkView<'_, S>) -> bool {
    replaced_ms(view.history).is_some()
}

/// Whether somebody was refused with this reason after another Redis node had become master.
pub fn refused_after_failover<S: Service>(word: &'static str) -> impl Fn(&MarkView<'_, S>) -> bool + Send + Sync {
    move |view| {
        let attempts = view.history.attempts();
        replaced_ms(view.history).is_some_and(|replaced_ms| {
            let mut late = attempts.iter().filter(|attempt| attempt.began_ms > replaced_ms);
            late.any(|attempt| attempt.refusal() == Some(word))
        })
    }
}

/// When another Redis node than the first one became master, milliseconds from the start of the run. Only other nodes
/// count, because a node that boots again takes the role of its configuration, so the first one may become master again
/// at any time.
fn replaced_ms<S: Service>(history: &History<S>) -> Option<u64> {
    let masters = history.records.iter().filter_map(|record| match &record.event {
        Event::Role { host, role } if role == "master" => Some((host, record.at_ms)),
        _ => None,
    });
    let masters: Vec<_> = masters.collect();
    let (first, _) = masters.first()?;
    let other = masters.iter().find(|(host, _)| host != first)?;
    Some(other.1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        fault::Fault,
        history::Seen,
        testing::{Did, HistoryBuilder, Shop, plan},
    };
    use std::collections::BTreeMap;

    const BUY: Did = Did::Buy { seat: 7 };

    fn reached(story: HistoryBuilder, mark: impl Fn(&MarkView<'_, Shop>) -> bool) -> bool {
        let (plan, history) = (plan(60_000), story.history());
        mark(&MarkView {
            plan: &plan,
            history: &history,
            marks: &BTreeMap::from([("a seat was sold", 1), ("never", 0)]),
        })
    }

    fn master(story: HistoryBuilder, at_ms: u64, host: &str) -> HistoryBuilder {
        let (host, role) = (host.to_owned(), "master".to_owned());
        story.event(at_ms, &host.clone(), Event::Role { host, role })
    }

    #[test]
    fn a_mark_counts_when_it_was_set() {
        assert!(reached(HistoryBuilder::new(), marked("a seat was sold")));
        assert!(!reached(HistoryBuilder::new(), marked("never")));
        assert!(!reached(HistoryBuilder::new(), marked("unheard of")));
    }

    #[test]
    fn only_another_node_replaces_the_master() {
        let booted = || master(HistoryBuilder::new(), 0, "redis-1");
        assert!(!reached(master(booted(), 9000, "redis-1"), master_replaced));
        assert!(reached(master(booted(), 9000, "redis-2"), master_replaced));
        let refused = |at_ms| {
            let story = master(booted(), 9000, "redis-2");
            let refused = Seen::Fail("sold".into());
            reached(
                story.op((at_ms, 9500), "ann", BUY, refused),
                refused_after_failover("sold"),
            )
        };
        assert!(refused(9100));
        assert!(!refused(8900));
    }

    #[test]
    fn what_happened_to_somebody_counts() {
        let story = || HistoryBuilder::new().op((10, 20), "ann", BUY, Seen::Fail("sold".into()));
        assert!(reached(story(), refused_with("sold")) && !reached(story(), refused_with("closed")));
        assert!(!reached(story(), somebody_succeeded));
        assert!(reached(story().op((10, 20), "ben", BUY, Seen::Ok), somebody_succeeded));
        let kill = || Fault::Kill { host: "shop-1".into() };
        assert!(reached(story().fault(15, kill(), 1), fault_hit_somebody));
        assert!(!reached(story().fault(25, kill(), 0), fault_hit_somebody));
        assert!(!reached(story().fault(15, Fault::Heal, 1), fault_hit_somebody));
    }
}
