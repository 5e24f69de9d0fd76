//! Faults that are aimed at what happens.

use super::{plan, setup};
use sim::{
    aim::{Aim, Cue},
    fault::{Fault, TimedFault},
    history::{Event, Op},
    plan::Plan,
    run::{Run, perform},
};

fn aimed(at_ms: u64, event: &str, nth: u32, offset_ms: u64, fault: Fault) -> TimedFault {
    let event = Cue::named(event).unwrap_or_else(|error| panic!("{error}"));
    let after = Some(Aim { event, nth, offset_ms });
    TimedFault { at_ms, fault, after }
}

fn run(faults: Vec<TimedFault>) -> Run {
    let plan = Plan { faults, ..plan(3) };
    let run = perform(&plan, &setup()).unwrap_or_else(|error| panic!("{error}"));
    let again = perform(&plan, &setup()).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(run.history, again.history);
    assert_eq!(run.fingerprint, again.fingerprint);
    assert_eq!(run.aimed, again.aimed);
    run
}

fn pause(host: &str) -> Fault {
    Fault::Pause { host: host.into() }
}

/// When somebody began to log in, milliseconds.
fn began(run: &Run) -> Vec<u64> {
    let records = run.history.records.iter();
    let began = records.filter(|record| matches!(&record.event, Event::Began { op: Op::LogIn, .. }));
    began.map(|record| record.at_ms).collect()
}

#[test]
fn a_fault_strikes_where_it_is_aimed() {
    let run = run(vec![
        aimed(0, "log-in begins", 2, 3, pause("analytics")),
        aimed(0, "log-in begins", 3, 0, pause("mail")),
        aimed(8000, "log-in begins", 1, 0, pause("sentinel-1")),
    ]);
    let logins = began(&run);
    assert_eq!(logins.len(), 3);
    let struck: Vec<Option<u64>> = run.aimed.values().copied().collect();
    assert_eq!(struck, [Some(logins[1] + 3), Some(logins[2]), Some(logins[1])]);
    let after = run.history.records.iter().find_map(|record| match &record.event {
        Event::Fault { fault, after, .. } if *fault == pause("mail") => after.clone(),
        _ => None,
    });
    let told = after.expect("the history says what it was aimed at").to_string();
    assert_eq!(told, "at \u{201c}log-in begins\u{201d} no. 3");
}

/// The master executes a SET and dies in that millisecond: nobody redeems that code before a failover.
#[test]
fn a_master_dies_in_the_millisecond_of_a_write() {
    let kill = Fault::Kill { host: "redis-1".into() };
    let run = run(vec![aimed(5000, "code stored", 1, 0, kill)]);
    let struck = run.aimed[&0].expect("somebody logs in");
    let redeemed = run.moments.iter().find(|moment| moment.mark == "a code was redeemed");
    let redeemed = redeemed.expect("somebody logs in later");
    assert!(redeemed.at_ms > struck + 1000, "{redeemed:?} after {struck}");
}

#[test]
fn what_never_comes_and_what_comes_after_healing_strikes_nobody() {
    let run = run(vec![
        aimed(0, "session lost", 1, 0, pause("mail")),
        aimed(0, "lease renewed", 1, 90_000, pause("mail")),
        aimed(0, "log-in begins", 3, 0, pause("redis-1")),
        TimedFault::at(20_000, Fault::Heal),
        aimed(20_001, "lease renewed", 1, 1, pause("mail")),
    ]);
    let struck: Vec<bool> = run.aimed.values().map(Option::is_some).collect();
    assert_eq!(struck, [false, false, false, true]);
}

#[test]
fn an_aim_is_written_and_read_and_nothing_else_is_taken_for_one() {
    let faults = vec![aimed(7, "sentinel says +odown", 2, 40, pause("idp-a"))];
    let aimed = Plan { faults, ..plan(1) };
    let text = aimed.to_text();
    let read = |text: &str| Plan::from_text(text, std::path::Path::new("aimed.toml"));
    assert_eq!(read(&text).unwrap(), aimed);
    let inline = text.replace("[fault.after]\n", "").replace(
        "event = \"sentinel says +odown\"\nnth = 2\noffset_ms = 40\n",
        "after = { event = \"sentinel says +odown\", nth = 2, offset_ms = 40 }\n",
    );
    assert_ne!(inline, text);
    assert_eq!(read(&inline).unwrap(), aimed);
    let wrong = |from: &str, to: &str| {
        assert!(text.contains(from), "{text}");
        read(&text.replace(from, to)).unwrap_err().to_string()
    };
    let unknown = wrong("says +odown", "says +odwon");
    assert!(
        unknown.contains("+odwon") && unknown.contains("sentinel says +odown") && unknown.contains("line"),
        "{unknown}"
    );
    assert!(wrong("nth = 2", "nht = 2").contains("nht"));
}
