//! Histories that the property accepts and rejects.

use super::*;
use crate::{
    mail::{self, Fault as MailFault, Observation as Seen},
    property::testing::*,
    vocabulary::{Fault, Operation, OwnFault, Seen as Outcome},
};

/// A world with one replica and an outbox of six, and six people who are there.
fn story() -> Story {
    let mut story = Story::new();
    (story.world.replicas, story.world.outbox) = (1, 6);
    for who in WHO {
        story.operations.push(Operation {
            at_ms: 0,
            who: who.into(),
            does: mailed_code::Behaviour::LogIn.into(),
        });
    }
    let mode = Mode::Slow { by_ms: 2000 };
    story.fault(500, Fault::Own(OwnFault::Mail(MailFault::Mail { mode })))
}

const WHO: [&str; 8] = ["ann", "ben", "cleo", "dan", "eve", "finn", "gus", "hana"];

fn event(seen: mail::Observation) -> Event {
    Event::Own(Observation::Mail(seen))
}

/// Everybody presses at 1 s, with this outcome.
fn all_press(story: Story, many: usize, outcome: impl Fn(usize) -> Outcome) -> Story {
    (0..many).fold(story, |story, n| {
        story.op((1000, 1010), WHO[n], send(WHO[n], WHO[n]), outcome(n))
    })
}

fn began(story: Story, at_ms: u64, number: u64) -> Story {
    story.event(at_ms, "mail", event(Seen::ConversationBegan { number }))
}

fn took(story: Story, quit_ms: u64, number: u64) -> Story {
    let id = format!("<{number}@login.example>");
    let mail = spec::exchange::Mail {
        headers: vec![("message-id".into(), id.clone())],
        text: String::new(),
        code: None,
    };
    let address = format!("{}@example.com", WHO[number as usize]);
    let mailed = exchange::Observation::Mailed {
        address,
        mail: Box::new(mail),
    };
    let ended = Seen::ConversationEnded {
        number,
        refused: vec![],
        took: vec![id],
        quit_ms: Some(quit_ms),
    };
    story
        .event(quit_ms - 1, "mail", Event::Own(Observation::Exchange(mailed)))
        .event(quit_ms + 4, "mail", event(ended))
}

/// Four of six are taken at once, the others afterwards, as soon as there is room or 500 ms later.
fn six(later_ms: u64) -> Story {
    let mut story = all_press(story(), 6, |_| Outcome::Ok);
    for n in 0..4 {
        story = began(story, 1020 + n, n);
    }
    for n in 0..4 {
        story = took(story, 3050 + 10 * n, n);
    }
    for n in 4..6 {
        story = began(story, 3080 + later_ms + n, n);
    }
    took(took(story, 5200 + later_ms, 4), 5220 + later_ms, 5)
}

#[test]
fn accepts_what_is_documented() {
    assert_eq!(six(0).judged_by(&OutboxBounded), Ok(()));
    let full = all_press(story(), 7, |n| match n {
        6 => fail("temporarily-unavailable"),
        _ => Outcome::Ok,
    });
    assert_eq!(full.judged_by(&OutboxBounded), Ok(()));
    let broken = all_press(story(), 1, |_| fail("temporarily-unavailable"));
    let broken = broken.fault(900, Fault::Kill { host: "redis-1".into() });
    assert_eq!(broken.judged_by(&OutboxBounded), Ok(()), "it has another reason");
}

#[test]
fn rejects_idleness_crowds_and_a_hasty_end() {
    let idle = six(500);
    assert_eq!(idle.judged_by(&OutboxBounded).unwrap_err().reason, "waits-for-nothing");
    let crowd = (0..5).fold(all_press(story(), 5, |_| Outcome::Ok), |story, n| {
        began(story, 1020 + n, n)
    });
    assert_eq!(
        crowd.judged_by(&OutboxBounded).unwrap_err().reason,
        "too-many-under-way"
    );
    let ended = Seen::ConversationEnded {
        number: 1,
        refused: vec![],
        took: vec!["<1@login.example>".into()],
        quit_ms: None,
    };
    let rude = began(story(), 1020, 1).event(1101, "mail", event(ended));
    assert_eq!(rude.judged_by(&OutboxBounded).unwrap_err().reason, "no-quit");
    let ended = Seen::ConversationEnded {
        number: 1,
        refused: vec![],
        took: vec![],
        quit_ms: Some(1100),
    };
    let hasty = began(story(), 1020, 1).event(1101, "mail", event(ended));
    assert_eq!(hasty.judged_by(&OutboxBounded).unwrap_err().reason, "quit-not-awaited");
}

#[test]
fn rejects_a_refusal_with_room_and_a_promise_without() {
    let refused = all_press(story(), 2, |n| match n {
        1 => fail("temporarily-unavailable"),
        _ => Outcome::Ok,
    });
    let reason = refused.judged_by(&OutboxBounded).unwrap_err().reason;
    assert_eq!(reason, "refused-although-room");
    let seventh = all_press(story(), 6, |_| Outcome::Ok).op((1020, 1030), "gus", send("gus", "gus"), Outcome::Ok);
    let reason = seventh.judged_by(&OutboxBounded).unwrap_err().reason;
    assert_eq!(reason, "accepted-although-full");
}
