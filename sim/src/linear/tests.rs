//! Tests of the checker: histories that it must accept, and one that it must reject for each reason.

mod brute;

use super::{
    Answer::{Counted, Done, Flag, Value},
    Call::{Count, Get, Put, PutIfAbsent, Release, Renew, Take},
    *,
};

const LONG_MS: u64 = 1_000_000;

/// Builds histories of one key. Each call and each answer is ten milliseconds after the one before.
#[derive(Default)]
pub(super) struct HistoryBuilder {
    operations: Vec<Operation>,
    seq: u64,
}

impl HistoryBuilder {
    fn now(&mut self) -> When {
        self.seq += 1;
        When {
            seq: self.seq,
            ms: self.seq * 10,
        }
    }
    /// Adds a pause.
    fn wait(mut self, ms: u64) -> HistoryBuilder {
        self.seq += ms / 10;
        self
    }
    /// A call whose outcome is unknown, unless it is answered later.
    fn calls(mut self, call: Call) -> HistoryBuilder {
        let began = self.now();
        self.operations.push(Operation {
            client: "a".into(),
            key: "k".into(),
            call,
            began,
            ending: Ending::Unknown,
        });
        self
    }
    /// The answer to a call, by its position.
    fn answers(mut self, index: usize, answer: Answer) -> HistoryBuilder {
        let at = self.now();
        self.operations[index].ending = Ending::Answered { at, answer };
        self
    }
    /// A call and its answer at once.
    pub(super) fn gets(self, call: Call, answer: Answer) -> HistoryBuilder {
        let told = self.calls(call);
        let last = told.operations.len() - 1;
        told.answers(last, answer)
    }
    fn fails(self, call: Call) -> HistoryBuilder {
        let mut told = self.calls(call);
        told.operations.last_mut().unwrap().ending = Ending::NotDone;
        told
    }
    pub(super) fn verdict(&self) -> Verdict {
        let operations: Vec<_> = self.operations.iter().collect();
        check_key(&operations, &Limits::default())
    }
    #[track_caller]
    fn accepted(self) {
        assert_eq!(self.verdict(), Verdict::Linearizable);
    }
    #[track_caller]
    fn undone(self, expected: &[usize]) {
        let undone = expected.to_vec();
        let unexplained = vec![];
        assert_eq!(self.verdict(), Verdict::Broken { undone, unexplained });
    }
    #[track_caller]
    fn unexplained(self, expected: &[usize]) {
        let unexplained = expected.to_vec();
        let undone = vec![];
        assert_eq!(self.verdict(), Verdict::Broken { undone, unexplained });
    }
}

fn put(value: &str) -> Call {
    put_for(value, LONG_MS)
}
fn put_for(value: &str, ttl_ms: u64) -> Call {
    Put {
        value: value.into(),
        ttl_ms,
    }
}
fn claim(value: &str, ttl_ms: u64) -> Call {
    PutIfAbsent {
        value: value.into(),
        ttl_ms,
    }
}
fn renew(holder: &str, ttl_ms: u64) -> Call {
    Renew {
        holder: holder.into(),
        ttl_ms,
    }
}
fn release(holder: &str) -> Call {
    Release { holder: holder.into() }
}
fn count() -> Call {
    Count { window_ms: LONG_MS }
}
fn value(value: &str) -> Answer {
    Value(Some(value.into()))
}
fn history() -> HistoryBuilder {
    HistoryBuilder::default()
}

#[test]
fn accepts_one_after_another() {
    let register = history().gets(Get, Value(None)).gets(put("x"), Done);
    let register = register.gets(Get, value("x")).gets(Take, value("x"));
    register.gets(Take, Value(None)).accepted();
    let counter = history().gets(count(), Counted(1)).gets(count(), Counted(2));
    counter.gets(Get, value("2")).accepted();
    let lease = history()
        .gets(claim("a", LONG_MS), Flag(true))
        .gets(claim("b", LONG_MS), Flag(false));
    let lease = lease
        .gets(renew("b", LONG_MS), Flag(false))
        .gets(renew("a", LONG_MS), Flag(true));
    let lease = lease.gets(release("b"), Flag(false)).gets(release("a"), Flag(true));
    lease.gets(claim("b", LONG_MS), Flag(true)).accepted();
}

#[test]
fn accepts_any_order_of_what_overlaps() {
    // The second count got its answer first.
    let told = history().calls(count()).calls(count());
    told.answers(1, Counted(1)).answers(0, Counted(2)).accepted();
    // A get that began before the answer to the put may see it or not.
    for seen in [Value(None), value("x")] {
        let told = self::history().calls(put("x")).calls(Get);
        told.answers(1, seen).answers(0, Done).accepted();
    }
}

#[test]
fn rejects_an_answer_from_before_what_was_over() {
    history().gets(put("x"), Done).gets(Get, Value(None)).undone(&[0]);
    history()
        .gets(count(), Counted(1))
        .gets(count(), Counted(1))
        .undone(&[0]);
    let told = history().gets(put("x"), Done).gets(put("y"), Done);
    told.gets(Get, value("x")).undone(&[1]);
}

#[test]
fn rejects_a_value_taken_twice() {
    let told = history().gets(put("x"), Done).gets(Take, value("x"));
    told.gets(Take, value("x")).undone(&[1]);
    // Two takes may also race.
    let race = self::history().gets(put("x"), Done).calls(Take).calls(Take);
    let race = race.answers(1, value("x")).answers(2, value("x"));
    let Verdict::Broken { undone, unexplained } = race.verdict() else {
        panic!("accepted");
    };
    assert_eq!((undone.len(), unexplained.len()), (1, 0));
}

#[test]
fn rejects_a_value_that_was_never_written_and_a_counter_that_skips() {
    history().gets(put("x"), Done).gets(Get, value("y")).unexplained(&[1]);
    history()
        .gets(count(), Counted(1))
        .gets(count(), Counted(3))
        .unexplained(&[1]);
}

#[test]
fn rejects_a_lease_with_two_holders() {
    let told = history().gets(claim("a", LONG_MS), Flag(true));
    told.gets(claim("b", LONG_MS), Flag(true)).undone(&[0]);
}

#[test]
fn says_how_far_a_counter_went_back() {
    let told = (1..=7).fold(history(), |told, n| told.gets(count(), Counted(n)));
    let told = (5..=6).fold(told, |told, n| told.gets(count(), Counted(n)));
    told.undone(&[4, 5, 6]);
}

/// A failover loses the newest writes; everything written after a lost write is lost with it.
#[test]
fn takes_back_from_the_top() {
    let told = history()
        .gets(put("x"), Done)
        .gets(put("y"), Done)
        .gets(Take, value("y"));
    told.gets(Get, value("x")).undone(&[1, 2]);
}

/// Two masters at once, each with its own clients: no loss of operations explains both.
#[test]
fn says_when_not_even_that_explains_it() {
    let told = history().gets(put("x"), Done).gets(put("y"), Done);
    let told = told.gets(Get, value("x")).gets(Get, value("y")).gets(Get, value("x"));
    let Verdict::Broken { unexplained, .. } = told.verdict() else {
        panic!("accepted");
    };
    assert_eq!(unexplained.len(), 1, "one of the last three: {unexplained:?}");
}

#[test]
fn the_unknown_may_have_happened_at_any_later_time_or_never() {
    let told = history().gets(put("x"), Done).calls(Take);
    let late = told.gets(Get, value("x")).gets(Get, value("x")).gets(Get, Value(None));
    late.accepted();
    self::history().calls(put("x")).gets(Get, Value(None)).accepted();
    let counted = self::history().gets(count(), Counted(1)).calls(count());
    counted.gets(count(), Counted(3)).accepted();
}

#[test]
fn the_unknown_happens_once_and_not_before_its_call() {
    // One lost take takes one value.
    let told = history().gets(put("x"), Done).calls(Take).gets(Get, Value(None));
    let told = told.gets(put("y"), Done).gets(Get, Value(None));
    assert_ne!(told.verdict(), Verdict::Linearizable);
    self::history()
        .gets(count(), Counted(2))
        .calls(count())
        .unexplained(&[0]);
    // It happened, and was lost.
    let told = self::history().calls(put("x")).gets(Get, value("x"));
    told.gets(Get, Value(None)).undone(&[0]);
}

#[test]
fn the_unknown_after_something_was_taken_back() {
    let told = history()
        .gets(claim("a", LONG_MS), Flag(true))
        .calls(claim("b", LONG_MS));
    told.gets(Get, value("b")).undone(&[0]);
}

#[test]
fn what_was_not_done_explains_nothing() {
    history().fails(put("x")).gets(Get, Value(None)).accepted();
    history().fails(put("x")).gets(Get, value("x")).unexplained(&[1]);
}

#[test]
fn values_expire_between_two_moments_and_stay_so() {
    // Put between 10 and 20 ms for 100 ms: there until 110 ms at least, gone after 120 ms.
    let there = |wait| history().gets(put_for("x", 100), Done).wait(wait);
    there(60).gets(Get, value("x")).accepted();
    there(60).gets(Get, Value(None)).undone(&[0]); // asked at 90, answered at 100
    there(80).gets(Get, value("x")).accepted();
    there(80).gets(Get, Value(None)).accepted();
    there(110).gets(Get, value("x")).unexplained(&[1]);
    there(110).gets(Get, Value(None)).accepted();
    let told = there(70).gets(Get, Value(None)).gets(Get, value("x"));
    assert_ne!(told.verdict(), Verdict::Linearizable);
}

#[test]
fn a_window_starts_with_its_first_and_a_lease_with_its_last() {
    let window = || Count { window_ms: 100 };
    let counted = || {
        history()
            .gets(window(), Counted(1))
            .wait(60)
            .gets(window(), Counted(2))
            .wait(60)
    };
    counted().gets(window(), Counted(1)).accepted();
    counted().gets(window(), Counted(3)).unexplained(&[2]);
    let leased = || {
        history()
            .gets(claim("a", 100), Flag(true))
            .wait(50)
            .gets(renew("a", 100), Flag(true))
    };
    leased().wait(50).gets(claim("b", 100), Flag(false)).accepted();
    leased().wait(50).gets(claim("b", 100), Flag(true)).undone(&[1]);
    leased().wait(100).gets(claim("b", 100), Flag(true)).accepted();
}

#[test]
fn keys_are_judged_each_by_itself() {
    let mut operations = history().gets(put("x"), Done).gets(Get, Value(None)).operations;
    let mut other = history().gets(count(), Counted(1)).gets(count(), Counted(2)).operations;
    other.iter_mut().for_each(|operation| operation.key = "other".into());
    operations.splice(0..0, other);
    let verdicts = check(&operations, &Limits::default());
    assert_eq!(verdicts.keys["other"], Verdict::Linearizable);
    assert!(!verdicts.linearizable());
    assert_eq!(verdicts.losses(&operations), BTreeMap::from([(Loss::Forgotten, 1)]));
    assert_eq!(
        (verdicts.operations, verdicts.unexplained(), verdicts.too_large()),
        (4, 0, 0)
    );
}

#[test]
fn gives_up_rather_than_guess() {
    let told = (0..12).fold(history(), |told, _| told.calls(count()));
    let told = (0..12).fold(told, |told, index| told.answers(index, Counted(50)));
    let operations: Vec<_> = told.operations.iter().collect();
    let limits = Limits {
        configurations: 100,
        ..Limits::default()
    };
    assert_eq!(check_key(&operations, &limits), Verdict::TooLarge);
}
