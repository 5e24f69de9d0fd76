//! Browsers have several logins in progress: tabs that are restored at once, and a form of another site that sends somebody to
//! log in who is at it already.
//!
//! Nothing is broken. Each login belongs to the browser that began it, and whatever begins another one leaves it alone.
//! (Inventory 9.)

use crate::{
    catalogue::marks::somebody_logged_in,
    mailed_code,
    property::{
        AnyCodeVerifies, CodeRedeemedOnce, EmailCodeOnce, EveryoneCanLogIn, LoginsSideBySide, NothingFails,
        RightfulCodeHonoured, SessionsSurvive, invocations,
    },
    scenario::{AmongCookies, Logins, RestoredTabs, SentElsewhere, World, secs},
    vocabulary::{Event, MarkView, Observation, Op, Scenario},
};
use std::collections::BTreeMap;

pub(super) fn several_logins() -> Scenario {
    Scenario::new(
        "several_logins",
        "tabs are restored at once, and another site sends people to log in who are at it",
    )
    .covering(&[9])
    .world(World::standard())
    .workload(Logins::people(3).every(secs(9)))
    .workload(RestoredTabs::people(6).every(secs(5)))
    .workload(SentElsewhere::people(6).from(secs(3)).every(secs(5)))
    // None, as many as are surplus together, and more than one answer deletes.
    .workloads(
        AmongCookies::made_up([("una", 0), ("dos", 3), ("tres", 19), ("quatro", 20), ("cinque", 40)])
            .map(|person| person.from(secs(2))),
    )
    .always(LoginsSideBySide)
    .always(NothingFails)
    .always(AnyCodeVerifies)
    .always(CodeRedeemedOnce)
    .always(EmailCodeOnce)
    .always(RightfulCodeHonoured)
    .always(SessionsSurvive::settling_within(secs(0)))
    .eventually(EveryoneCanLogIn::within(secs(8)).at_any_time())
    .sometimes("somebody logged in", somebody_logged_in)
    .sometimes("two logins began at once in one browser", began_at_once)
    .sometimes("another site's form came between a mail and its code", form_in_between)
    .lasts(secs(50))
}

/// Requests of each person: their method, their path, when they were sent, and when answered.
fn requests<'a>(reached: &MarkView<'a>) -> BTreeMap<&'a str, Vec<(&'a str, &'a str, u64, u64)>> {
    use crate::exchange::Observation as Exchange;
    let mut all: BTreeMap<&str, Vec<(&str, &str, u64, u64)>> = BTreeMap::new();
    let mut open = BTreeMap::new();
    for record in &reached.history.records {
        match &record.event {
            Event::Own(Observation::Exchange(Exchange::Asked { number, request, .. })) => {
                open.insert(*number, (request, record.at_ms));
            }
            Event::Own(Observation::Exchange(Exchange::Answered { number, .. })) => {
                if let Some((request, sent_ms)) = open.remove(number) {
                    let (method, path) = (request.method.as_str(), request.path.as_str());
                    all.entry(&record.who)
                        .or_default()
                        .push((method, path, sent_ms, record.at_ms));
                }
            }
            _ => {}
        }
    }
    all
}

fn began_at_once(reached: &MarkView<'_>) -> bool {
    requests(reached).values().any(|requests| {
        let begins = requests.iter().filter(|(_, path, ..)| *path == "/authorize");
        let begins: Vec<_> = begins.collect();
        let overlap = |(n, (.., sent_ms, answered_ms)): (usize, &&(&str, &str, u64, u64))| {
            let mut others = begins[..n].iter();
            others.any(|(.., from_ms, to_ms)| from_ms <= answered_ms && sent_ms <= to_ms)
        };
        begins.iter().enumerate().any(overlap)
    })
}

fn form_in_between(reached: &MarkView<'_>) -> bool {
    let requests = requests(reached);
    let invocations = invocations(reached.history);
    let verified = invocations
        .iter()
        .filter(|press| matches!(press.op, Op::MailedCode(mailed_code::Op::VerifyCode { .. })) && press.ok());
    verified.into_iter().any(|verify| {
        let Op::MailedCode(mailed_code::Op::VerifyCode { flow, .. }) = verify.op else {
            return false;
        };
        let sent = invocations
            .iter()
            .find(|press| matches!(press.op, Op::MailedCode(mailed_code::Op::SendCode { flow: of, .. }) if of == flow));
        let between = sent.map(|sent| sent.began_ms..=verify.began_ms);
        let mut posts = requests.get(verify.who).into_iter().flatten();
        between.is_some_and(|between| {
            posts.any(|(method, path, sent_ms, _)| {
                (*method, *path) == ("POST", "/authorize") && between.contains(sent_ms)
            })
        })
    })
}
