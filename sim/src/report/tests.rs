//! Stories over hand-built histories.

use super::*;
use crate::{
    fault::Fault,
    history::{Event, History, Op, OpId, Record, Seen, Tag},
    property::Violation,
};

fn tag(text: &str) -> Tag {
    Tag(text.into())
}

struct Told(History);

impl Told {
    fn note(mut self, at_ms: u64, who: &str, event: Event) -> Told {
        self.0.records.push(Record {
            at_ms,
            who: who.into(),
            event,
        });
        self
    }

    fn began(self, at_ms: u64, who: &str, id: u64, op: Op) -> Told {
        self.note(at_ms, who, Event::Began { id: OpId(id), op })
    }

    fn ended(self, at_ms: u64, who: &str, id: u64, op: Op, seen: Seen, took_ms: u64) -> Told {
        let id = OpId(id);
        self.note(at_ms, who, Event::Ended { id, op, seen, took_ms })
    }

    fn fault(self, at_ms: u64, fault: Fault, in_flight: usize) -> Told {
        self.note(
            at_ms,
            "nemesis",
            Event::Fault {
                fault,
                in_flight,
                after: None,
            },
        )
    }
}

fn redeem(at: &str) -> Op {
    Op::Redeem {
        code: tag("4f2a09c1"),
        at: at.into(),
        rightful: true,
    }
}

/// 1. ann logs in; 2. the master dies under her redemption; 3. a thief redeems the same code.
pub(in crate::report) fn twice() -> (History, Vec<Violation>) {
    let told = Told(History::default())
        .began(2000, "ann", 1, Op::LogIn)
        .began(2000, "ann", 2, Op::OpenLogin)
        .ended(2031, "ann", 2, Op::OpenLogin, Seen::Ok, 31)
        .began(20_990, "ann", 3, redeem("balancer"))
        .fault(21_000, Fault::Kill { host: "redis-1".into() }, 1)
        .ended(21_004, "ann", 3, redeem("balancer"), Seen::Ok, 14)
        .ended(21_060, "ann", 1, Op::LogIn, Seen::Ok, 19_060)
        .note(
            22_250,
            "sentinel-2",
            Event::Sentinel {
                host: "sentinel-2".into(),
                says: "+sdown master auth 10.0.0.1 6379".into(),
            },
        )
        .note(
            22_300,
            "sentinel-2",
            Event::Sentinel {
                host: "sentinel-2".into(),
                says: "+new-epoch 1".into(),
            },
        )
        .note(
            23_250,
            "sentinel-2",
            Event::Sentinel {
                host: "sentinel-2".into(),
                says: "+switch-master auth 10.0.0.1 6379 10.0.0.2 6379".into(),
            },
        )
        .began(24_000, "mallory", 4, redeem("idp-b"))
        .ended(24_009, "mallory", 4, redeem("idp-b"), Seen::Ok, 9)
        .began(24_100, "ben", 5, Op::OpenLogin)
        .fault(30_000, Fault::Heal, 1);
    let violation = Violation {
        property: "CodeRedeemedOnce".into(),
        reason: String::new(),
        what: "code 4f2a09c1 was redeemed twice".into(),
        at_ms: 24_009,
        evidence: vec![5, 10, 11],
    };
    (told.0, vec![violation])
}

#[test]
fn a_stranger_can_read_what_went_wrong() {
    let (history, violations) = twice();
    let story = Story {
        history: &history,
        violations: &violations,
        log: &[LogRow {
            at_ms: 21_002,
            host: "idp-a",
            text: "WARN store: outcome unknown",
        }],
        brief: false,
    };
    insta::assert_snapshot!(story.render(&Look::PLAIN), @r#"
             time  who          what                                                               outcome
          2.000 s  ann          begins to log in
          2.031 s  ann            opens the login page                                             ok, 31 ms
         20.990 s  ann            redeems authorization code 4f2a09c1 at balancer
    ──── 21.000 s  redis-1 is killed, with 1 operation in flight ─────────────────────────────────────────────────
         21.002 s  idp-a        │ WARN store: outcome unknown
    ✗    21.004 s  ann            redeems authorization code 4f2a09c1 at balancer                  ok, 14 ms
         21.060 s  ann          is logged in                                                       ok, 19.0 s
         22.250 s  sentinel-2   no longer hears from the master redis-1 (+sdown)
    ──── 23.250 s  sentinel-2 tells clients that the Redis master is now redis-2 ─────────────────────────────────
    ✗    24.009 s  mallory      redeems authorization code 4f2a09c1 at idp-b                       ok, 9 ms
    ✗    24.009 s  CodeRedeemedOnce does not hold: code 4f2a09c1 was redeemed twice
         24.100 s  ben          opens the login page                                               no answer until the end
    ──── 30.000 s  everything heals ──────────────────────────────────────────────────────────────────────────────
                   (left out: lesser words of the Sentinels, 1)
    "#);
    insta::assert_snapshot!(story.evidence(&violations[0], &Look::PLAIN), @r#"
    ✗    21.004 s  ann          redeems authorization code 4f2a09c1 at balancer                    ok, 14 ms
    ──── 23.250 s  sentinel-2 tells clients that the Redis master is now redis-2 ─────────────────────────────────
    ✗    24.009 s  mallory      redeems authorization code 4f2a09c1 at idp-b                       ok, 9 ms
    "#);
}

#[test]
fn what_is_alike_is_counted_unless_it_is_evidence() {
    let visit = Op::Visit {
        session: tag("00c0ffee"),
    };
    let mut told = Told(History::default());
    for n in 0..10 {
        let at = 1000 * n;
        told = told
            .began(at, "ann", n, visit.clone())
            .ended(at + 5, "ann", n, visit.clone(), Seen::Ok, 5);
    }
    let violations = [Violation {
        property: "P".into(),
        reason: String::new(),
        what: "q".into(),
        at_ms: 8005,
        evidence: vec![17],
    }];
    let story = |violations| {
        let log = &[];
        let history = &told.0;
        Story {
            history,
            violations,
            log,
            brief: false,
        }
        .render(&Look::PLAIN)
    };
    insta::assert_snapshot!(story(&[]), @r#"
       time  who          what                                                               outcome
    0.005 s  ann          looks at the account page (session 00c0ffee)                       ok, 5 ms
                          ⋮ and 9 more like it, the last at 9.005 s
    "#);
    insta::assert_snapshot!(story(&violations), @r#"
             time  who          what                                                               outcome
          0.005 s  ann          looks at the account page (session 00c0ffee)                       ok, 5 ms
                                ⋮ and 7 more like it, the last at 7.005 s
    ✗     8.005 s  ann          looks at the account page (session 00c0ffee)                       ok, 5 ms
    ✗     8.005 s  P does not hold: q
          9.005 s  ann          looks at the account page (session 00c0ffee)                       ok, 5 ms
    "#);
}

#[test]
fn a_login_in_which_nothing_happened_is_one_row() {
    let login = |told: Told, id: u64, at: u64, who: &str, seen: Seen| {
        let address = format!("{who}@example.com");
        let send = Op::SendCode {
            flow: tag("0f10"),
            address: address.clone(),
        };
        let code = tag("c0de");
        told.began(at, who, id, Op::LogIn)
            .began(at, who, id + 1, send.clone())
            .note(at + 5, "mail", Event::CodeMailed { address, code })
            .ended(at + 9, who, id + 1, send, Seen::Ok, 9)
            .began(at + 10, who, id + 2, redeem("balancer"))
            .ended(at + 20, who, id + 2, redeem("balancer"), seen, 10)
            .ended(at + 30, who, id, Op::LogIn, Seen::Ok, 30)
    };
    let told = login(Told(History::default()), 1, 1000, "ann", Seen::Ok);
    let refused = Seen::Fail("invalid_grant".into());
    let told = told
        .began(1100, "thief", 7, redeem("idp-a"))
        .ended(1120, "thief", 7, redeem("idp-a"), refused, 20);
    let told = login(told, 11, 2000, "ben", Seen::Unknown("504".into()));
    let story = Story {
        history: &told.0,
        violations: &[],
        log: &[],
        brief: true,
    };
    insta::assert_snapshot!(story.render(&Look::PLAIN), @r#"
       time  who          what                                                               outcome
    1.030 s  ann          logs in, with authorization code 4f2a09c1                          ok, 30 ms
    2.000 s  ben          begins to log in
    2.005 s  mail         mail with code c0de arrives at ben@example.com
    2.009 s  ben            presses send, for ben@example.com (flow 0f10)                    ok, 9 ms
    2.020 s  ben            redeems authorization code 4f2a09c1 at balancer                  unknown: 504, 10 ms
    2.030 s  ben          is logged in                                                       ok, 30 ms
             (told in one row: logins in which nothing happened, 1)
             (left out: attempts of attackers that were refused, 1)
    "#);
}

#[test]
fn colours_are_for_terminals() {
    let (history, violations) = twice();
    let story = Story {
        history: &history,
        violations: &violations,
        log: &[],
        brief: true,
    };
    let look = Look {
        colour: true,
        width: 80,
    };
    assert!(story.render(&look).contains("\u{1b}[1;31m✗\u{1b}[0m"));
    assert!(!story.render(&Look::PLAIN).contains('\u{1b}'));
}

#[test]
fn durations_are_brief() {
    assert_eq!(duration(31), "31 ms");
    assert_eq!(duration(2450), "2.4 s");
    assert_eq!(seconds(21_004), "21.004 s");
}
