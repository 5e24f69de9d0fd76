//! Histories written by hand, for tests of the properties.

use crate::{
    exchange, mailed_code, redemption,
    vocabulary::{
        Event, Evidence, Fault, LogLine, Login, Observation, Op, Operators, Plan, Property, ReportedError, Seen,
        ServiceLine, Tag, Violation, WorldOptions,
    },
};
use sim::{
    calls::{Answered, CallFault, CallOutcome, CallRecord},
    history::HistoryBuilder,
    overheard::Overheard,
    property::Tally,
};
use spec::exchange::{Answer, Body, Request};

/// A run written by hand.
#[derive(Default)]
pub(crate) struct Story {
    history: HistoryBuilder<Login>,
    pub(crate) world: WorldOptions,
    pub(crate) operations: Vec<crate::vocabulary::Operation>,
    pub(crate) operators: Operators,
    calls: Vec<CallRecord>,
    heard: Vec<Overheard>,
}

impl Story {
    pub(crate) fn new() -> Story {
        Story::default()
    }

    /// Adds an event at a time.
    pub(crate) fn event(mut self, at_ms: u64, who: &str, event: Event) -> Story {
        self.history = self.history.event(at_ms, who, event);
        self
    }

    /// Adds a whole operation with its begin and end.
    pub(crate) fn op(mut self, from_to_ms: (u64, u64), who: &str, op: Op, seen: Seen) -> Story {
        self.history = self.history.op(from_to_ms, who, op, seen);
        self
    }

    /// Adds an operation that never ends.
    pub(crate) fn unended(mut self, at_ms: u64, who: &str, op: Op) -> Story {
        self.history = self.history.unended(at_ms, who, op);
        self
    }

    /// Adds a call of a replica that was answered.
    pub(crate) fn answered_call(mut self, at_ms: u64, host: &str, call: &'static str) -> Story {
        self.calls.push(CallRecord {
            at_ms,
            host: host.into(),
            call,
            nth: 1,
            after: None,
            answered: Some(Answered::Well),
            ended_ms: Some(at_ms),
            is_late: false,
            failure: None,
        });
        self
    }

    /// Adds a fault.
    pub(crate) fn fault(mut self, at_ms: u64, fault: Fault) -> Story {
        self.history = self.history.fault(at_ms, fault, 1);
        self
    }

    /// Adds a line of a replica's log that contains secrets of these kinds.
    pub(crate) fn logged(mut self, at_ms: u64, text: &str, secrets: &[&'static str]) -> Story {
        self = self.logged_at(at_ms, "WARN", text);
        self.operators.log.last_mut().expect("just added").secrets = secrets.to_vec();
        self
    }

    /// Adds what `idp-a` says of its health when it is asked at this moment; it comes 5 ms later.
    pub(crate) fn health(self, at_ms: u64, says: serde_json::Value) -> Story {
        let own = |seen| Event::Own(Observation::Exchange(seen));
        let asked = exchange::Observation::Asked {
            number: at_ms,
            door: "idp-a:9090".into(),
            request: Box::new(Request {
                method: "GET".into(),
                path: "/health".into(),
                ..Request::default()
            }),
        };
        let answer = spec::exchange::Answered::With(Box::new(Answer {
            status: 200,
            body: Body::Json(says),
            ..Answer::default()
        }));
        let answered = exchange::Observation::Answered { number: at_ms, answer };
        self.event(at_ms, "monitor", own(asked))
            .event(at_ms + 5, "monitor", own(answered))
    }

    /// Adds a line of a replica's log at a level.
    pub(crate) fn logged_at(mut self, at_ms: u64, level: &'static str, text: &str) -> Story {
        self.operators.log.push(ServiceLine {
            line: LogLine {
                at_ms,
                host: "idp-a".into(),
                level,
                text: text.into(),
            },
            secrets: vec![],
        });
        self
    }

    /// Adds a call of a replica that failed.
    pub(crate) fn call_from(mut self, at_ms: u64, ended_ms: u64, call: &'static str, failure: &str) -> Story {
        self.calls.push(CallRecord {
            at_ms,
            host: "idp-a".into(),
            call,
            nth: 1,
            after: None,
            answered: Some(Answered::WithError),
            ended_ms: Some(ended_ms),
            is_late: false,
            failure: Some(failure.into()),
        });
        self
    }

    /// Adds something that was overheard.
    pub(crate) fn heard(mut self, heard: Overheard) -> Story {
        self.heard.push(heard);
        self
    }

    /// Adds an error that somebody received.
    pub(crate) fn error(mut self, at_ms: u64, who: &str, status: u16, reference: &str) -> Story {
        self.operators.errors.push(ReportedError {
            at_ms,
            who: who.into(),
            status,
            reference: reference.into(),
            shown: true,
        });
        self
    }

    /// Judges the history by a property.
    pub(crate) fn judged_by(self, property: &dyn Property<Login>) -> Result<(), Violation> {
        self.counted_by(property).0
    }

    /// What the property judges in the history, and each excuse with the numbers of things that it spares and of those
    /// that are wrong.
    pub(crate) fn tally(self, property: &dyn Property<Login>) -> (u64, Vec<(String, u64, u64)>) {
        let tally = self.counted_by(property).1;
        let spared = tally.spared.into_iter();
        let spared = spared.map(|(excuse, spared)| (excuse.into_owned(), spared.things, spared.wrong));
        (tally.judged, spared.collect())
    }

    fn counted_by(self, property: &dyn Property<Login>) -> (Result<(), Violation>, Tally) {
        let plan = Plan {
            world: self.world,
            operations: self.operations,
            ..Plan::new("hand-built", 0, 120_000)
        };
        let history = self.history.history();
        let evidence = Evidence::new(&plan, &history, &self.operators).with_calls(&self.calls);
        let evidence = evidence.with_overheard(&self.heard);
        (property.check(&evidence), evidence.tally())
    }
}

/// The fault of a call of `idp-a` whose answer is lost.
pub(crate) fn answer_lost(call: &str) -> Fault {
    Fault::Call(CallFault {
        host: "idp-a".into(),
        call: call.into(),
        outcome: CallOutcome::AnswerLost,
        error: "reset".into(),
        by_ms: 0,
    })
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
