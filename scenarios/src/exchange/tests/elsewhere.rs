//! What is allowed only in some worlds: a balancer's own refusals, and codes that are printed.

use super::{Observation, judge, told};
use crate::{
    exchange::{judge_in, troubles, world},
    vocabulary::{Event, History, Observation as AnyObservation},
};
use spec::{
    World,
    exchange::{Answer, Answered, Authorization, Body, Mail},
};

fn exchanges(history: &mut History) -> impl Iterator<Item = &mut Observation> {
    history.records.iter_mut().filter_map(|record| match &mut record.event {
        Event::Own(AnyObservation::Exchange(observation)) => Some(observation),
        _ => None,
    })
}

/// The history in which the balancer itself answers the first successful question for `/userinfo`.
fn refused_by_balancer(history: &History, change: impl Fn(&mut Vec<Authorization>)) -> History {
    let mut history = history.clone();
    let mut asked = None;
    let mut answered = None;
    for observation in exchanges(&mut history) {
        match observation {
            Observation::Asked { number, door, request } if request.path == "/userinfo" && door == "balancer" => {
                asked = Some(*number);
            }
            Observation::Answered {
                number,
                answer: Answered::With(answer),
            } if asked == Some(*number) && answer.status == 200 => {
                **answer = Answer {
                    status: 400,
                    body: Body::Other(157),
                    ..Answer::default()
                };
                answered = asked;
                break;
            }
            _ => {}
        }
    }
    for observation in exchanges(&mut history) {
        if let Observation::Asked { number, request, .. } = observation
            && Some(*number) == answered
        {
            change(&mut request.authorization);
        }
    }
    history
}

/// nginx passes no request on in which `Authorization` is there twice; any other request it must.
#[test]
fn a_balancer_refuses_what_is_there_twice() {
    let (plan, history, operators) = told("rule_breakers", 3);
    let reasons = |history: &History, world: &World| {
        let troubles = troubles(&plan, history);
        let violations = judge_in(world, &troubles, history, &operators, 0).violations;
        let mut reasons: Vec<String> = violations.into_iter().map(|wrong| wrong.reason).collect();
        reasons.dedup();
        reasons
    };
    let twice = refused_by_balancer(&history, |lines| lines.extend_from_within(..));
    assert_eq!(reasons(&twice, &world(&plan)), [""; 0]);
    let once = refused_by_balancer(&history, |_| {});
    assert_eq!(reasons(&once, &world(&plan)), ["no-answer-userinfo"]);
    let without = World {
        balancer: None,
        ..world(&plan)
    };
    assert!(reasons(&twice, &without).contains(&"no-answer-userinfo".to_owned()));
}

/// A developer's server prints a line for each code.
#[test]
fn a_printed_code_is_one_line() {
    let (plan, history, operators) = told("rule_breakers", 3);
    let reasons = |prints_mails: bool, change: &dyn Fn(&mut Mail)| {
        let mut history = history.clone();
        for observation in exchanges(&mut history) {
            if let Observation::Mailed { mail, .. } = observation {
                change(mail);
            }
        }
        let world = World {
            prints_mails,
            ..world(&plan)
        };
        let troubles = troubles(&plan, &history);
        let violations = judge_in(&world, &troubles, &history, &operators, 0).violations;
        let mut reasons: Vec<String> = violations.into_iter().map(|wrong| wrong.reason).collect();
        reasons.dedup();
        reasons
    };
    let line = |mail: &mut Mail| {
        mail.headers.clear();
        mail.text = "Your login code is CODE (good for 10 minutes)".into();
    };
    assert_eq!(reasons(true, &line), [""; 0]);
    assert_eq!(reasons(true, &|_| {}), ["mail-differs"], "a mail is no line");
    assert!(
        reasons(false, &line).contains(&"mail-differs".to_owned()),
        "a line is no mail"
    );
    let longer = |mail: &mut Mail| {
        line(mail);
        mail.text = mail.text.replace("10", "60");
    };
    assert_eq!(reasons(true, &longer), ["mail-differs"]);
    assert_eq!(judge(&plan, &history, &operators).violations, vec![]);
}
