//! Faults with triggers: relative to what happens.

use super::{plan, setup};
use scenarios::{
    people,
    vocabulary::{Event, Fault, Op, Plan, Run, TimedFault, Trigger},
};
use sim::{nemesis, run::perform};

fn triggered(at_ms: u64, event: &str, nth: u32, offset_ms: u64, fault: Fault) -> TimedFault {
    let after = Some(Trigger {
        nth,
        offset_ms,
        ..Trigger::at(event)
    });
    TimedFault { at_ms, fault, after }
}

fn run(faults: Vec<TimedFault>) -> Run {
    let plan = Plan { faults, ..plan(3) };
    let run = perform(&plan, &setup()).unwrap_or_else(|error| panic!("{error}"));
    let again = perform(&plan, &setup()).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(run.history, again.history);
    assert_eq!(run.fingerprint, again.fingerprint);
    assert_eq!(run.triggered, again.triggered);
    run
}

fn pause(host: &str) -> Fault {
    Fault::Pause { host: host.into() }
}

/// When somebody began to log in, milliseconds.
fn began(run: &Run) -> Vec<u64> {
    let records = run.history.records.iter();
    let began = records.filter(|record| {
        matches!(
            &record.event,
            Event::Began {
                op: Op::People(people::Op::LogIn),
                ..
            }
        )
    });
    began.map(|record| record.at_ms).collect()
}

#[test]
fn a_fault_is_injected_at_its_trigger() {
    let run = run(vec![
        triggered(0, "log-in begins", 2, 3, pause("analytics")),
        triggered(0, "log-in begins", 3, 0, pause("mail")),
        triggered(8000, "log-in begins", 1, 0, pause("sentinel-1")),
    ]);
    let logins = began(&run);
    assert_eq!(logins.len(), 3);
    let injected: Vec<Option<u64>> = run.triggered.values().copied().collect();
    assert_eq!(injected, [Some(logins[1] + 3), Some(logins[2]), Some(logins[1])]);
    let after = run.history.records.iter().find_map(|record| match &record.event {
        Event::Fault { fault, after, .. } if *fault == pause("mail") => after.clone(),
        _ => None,
    });
    let told = after.expect("the history says what its trigger was").to_string();
    assert_eq!(told, "at \u{201c}log-in begins\u{201d} no. 3");
}

/// The master executes a SET and dies in that millisecond: nobody redeems that code before a failover.
#[test]
fn a_master_dies_in_the_millisecond_of_a_write() {
    let kill = Fault::Kill { host: "redis-1".into() };
    let run = run(vec![triggered(5000, "code stored", 1, 0, kill)]);
    let injected = run.triggered[&0].expect("somebody logs in");
    let redeemed = run
        .mark_records
        .iter()
        .find(|record| record.mark == "a code was redeemed");
    let redeemed = redeemed.expect("somebody logs in later");
    assert!(redeemed.at_ms > injected + 1000, "{redeemed:?} after {injected}");
}

#[test]
fn what_never_comes_and_what_comes_after_healing_is_not_injected() {
    let run = run(vec![
        triggered(0, "session lost", 1, 0, pause("mail")),
        triggered(0, "lease renewed", 1, 90_000, pause("mail")),
        triggered(0, "log-in begins", 3, 0, pause("redis-1")),
        TimedFault::at(20_000, Fault::Heal),
        triggered(20_001, "lease renewed", 1, 1, pause("mail")),
    ]);
    let injected: Vec<bool> = run.triggered.values().map(Option::is_some).collect();
    assert_eq!(injected, [false, false, false, true]);
}

#[test]
fn a_trigger_is_written_and_read_and_nothing_else_is_taken_for_one() {
    let faults = vec![triggered(7, "sentinel says +odown", 2, 40, pause("idp-a"))];
    let with_trigger = Plan { faults, ..plan(1) };
    let text = with_trigger.to_text();
    let read = |text: &str| Plan::from_text(text, std::path::Path::new("triggered.toml"));
    assert_eq!(read(&text).unwrap(), with_trigger);
    let inline = text.replace("[fault.after]\n", "").replace(
        "event = \"sentinel says +odown\"\nnth = 2\noffset_ms = 40\n",
        "after = { event = \"sentinel says +odown\", nth = 2, offset_ms = 40 }\n",
    );
    assert_ne!(inline, text);
    assert_eq!(read(&inline).unwrap(), with_trigger);
    let wrong = |from: &str, to: &str| {
        assert!(text.contains(from), "{text}");
        read(&text.replace(from, to))
    };
    let unknown = nemesis::check(&wrong("says +odown", "says +odwon").unwrap());
    let unknown = unknown.expect_err("there is no such event").to_string();
    assert!(
        unknown.contains("+odwon") && unknown.contains("sentinel says +odown") && unknown.contains("fault 1"),
        "{unknown}"
    );
    assert!(wrong("nth = 2", "nht = 2").unwrap_err().to_string().contains("nht"));
}
