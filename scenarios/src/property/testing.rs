//! Hand-built histories, for the tests of the properties.

use crate::{
    mailed_code, redemption,
    vocabulary::{
        Event, Evidence, Fault, History, LogLine, Login, Observation, Op, OpId, Operators, PLAN_VERSION, Plan,
        Property, Record, ReportedError, Seen, ServiceLine, Tag, Violation, WorldOptions,
    },
};

/// A history, told in order.
#[derive(Default)]
pub(crate) struct Story {
    records: Vec<Record>,
    next: u64,
    pub(crate) world: WorldOptions,
    pub(crate) operations: Vec<crate::vocabulary::Operation>,
    pub(crate) operators: Operators,
}

impl Story {
    pub(crate) fn new() -> Story {
        Story::default()
    }

    /// Any event, at a time.
    pub(crate) fn event(mut self, at_ms: u64, who: &str, event: Event) -> Story {
        let who = who.to_owned();
        self.records.push(Record { at_ms, who, event });
        self
    }

    /// A whole operation, from one time to another.
    pub(crate) fn op(mut self, (from, to): (u64, u64), who: &str, op: Op, seen: Seen) -> Story {
        self.next += 1;
        let (id, took_ms) = (OpId(self.next), to - from);
        self.event(from, who, Event::Began { id, op: op.clone() }).event(
            to,
            who,
            Event::Ended { id, op, seen, took_ms },
        )
    }

    /// An operation that never ends.
    pub(crate) fn begun(mut self, at_ms: u64, who: &str, op: Op) -> Story {
        self.next += 1;
        let id = OpId(self.next);
        self.event(at_ms, who, Event::Began { id, op })
    }

    /// A fault.
    pub(crate) fn fault(self, at_ms: u64, fault: Fault) -> Story {
        self.event(
            at_ms,
            "nemesis",
            Event::Fault {
                fault,
                in_flight: 1,
                after: None,
            },
        )
    }

    /// A line of a replica's log, with secrets of these kinds in it.
    pub(crate) fn logged(mut self, at_ms: u64, text: &str, secrets: &[&'static str]) -> Story {
        self.operators.log.push(ServiceLine {
            line: LogLine {
                at_ms,
                host: "idp-a".into(),
                level: "WARN",
                text: text.into(),
            },
            secrets: secrets.to_vec(),
        });
        self
    }

    /// Somebody got an error.
    pub(crate) fn told(mut self, at_ms: u64, who: &str, status: u16, reference: &str) -> Story {
        self.operators.errors.push(ReportedError {
            at_ms,
            who: who.into(),
            status,
            reference: reference.into(),
            shown: true,
        });
        self
    }

    /// Judges the story, its records put in order of time.
    pub(crate) fn judged_by(mut self, property: &dyn Property<Login>) -> Result<(), Violation> {
        self.records.sort_by_key(|record| record.at_ms);
        let plan = Plan {
            version: PLAN_VERSION,
            scenario: "hand-built".into(),
            seed: 0,
            lasts_ms: 120_000,
            world: self.world,
            operations: self.operations,
            faults: vec![],
        };
        let history = History { records: self.records };
        property.check(&Evidence {
            plan: &plan,
            history: &history,
            operators: &self.operators,
        })
    }
}

pub(crate) fn fail(why: &str) -> Seen {
    Seen::Fail(why.into())
}

pub(crate) fn unknown() -> Seen {
    Seen::Unknown("no answer".into())
}

pub(crate) fn tag(name: &str) -> Tag {
    Tag(name.into())
}

pub(crate) fn redeem(code: &str, at: &str, rightful: bool) -> Op {
    Op::Redemption(redemption::Op::Redeem {
        code: tag(code),
        at: at.into(),
        rightful,
    })
}

pub(crate) fn send(flow: &str, who: &str) -> Op {
    Op::MailedCode(mailed_code::Op::SendCode {
        flow: tag(flow),
        address: format!("{who}@example.com"),
    })
}

pub(crate) fn verify(flow: &str, who: &str, code: &str) -> Op {
    Op::MailedCode(mailed_code::Op::VerifyCode {
        flow: tag(flow),
        address: format!("{who}@example.com"),
        code: tag(code),
    })
}

pub(crate) fn mailed(who: &str, code: &str) -> Event {
    Event::Own(Observation::MailedCode(mailed_code::Observation::CodeMailed {
        address: format!("{who}@example.com"),
        code: tag(code),
    }))
}

pub(crate) fn master(host: &str) -> Event {
    Event::Role {
        host: host.into(),
        role: "master".into(),
    }
}
