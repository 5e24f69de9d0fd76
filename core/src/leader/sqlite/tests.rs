use super::*;
use crate::{
    redemption::{Redeemed, TokenRepository},
    session::{Session, SessionRepository},
    store::{
        sqlite::testing::{HOUR, in_memory, open, redemption},
        testing::{Fixture, START},
    },
};

fn session(id: &str, code: &str) -> Session {
    Session {
        id_hash: id.into(),
        user_id: "user-ann".into(),
        authenticated_at: START,
        expires_at: START + HOUR,
        opened_by: code.into(),
        sid: id.into(),
        replaces: None,
    }
}

fn reminder(id: &str, due: Timestamp) -> Reminder {
    Reminder {
        id: id.into(),
        user_id: "user-ann".into(),
        address: "ann@example.com".into(),
        text: "Water the plants".into(),
        due,
    }
}

#[tokio::test]
async fn only_the_newest_epoch_claims() {
    let fixture = Fixture::new();
    let location = in_memory("epochs");
    let (a, b) = (open(&fixture, &location).await, open(&fixture, &location).await);
    assert_eq!(a.add_reminder(reminder("r1", START)).await, Ok(true));
    assert_eq!(
        a.add_reminder(reminder("again", START)).await,
        Ok(false),
        "same user and time"
    );
    a.add_reminder(reminder("r2", START + HOUR)).await.unwrap();
    assert_eq!(a.due_reminders(START, 10).await.unwrap(), [reminder("r1", START)]);

    let old = a.begin_epoch("idp-a").await.unwrap();
    let new = b.begin_epoch("idp-b").await.unwrap();
    assert!(new > old);
    assert_eq!(a.claim_reminder("r1", old, START).await, Ok(ReminderClaim::Fenced));
    assert_eq!(b.claim_reminder("r1", new, START).await, Ok(ReminderClaim::Claimed));
    assert_eq!(b.claim_reminder("r1", new, START).await, Ok(ReminderClaim::Taken));
    assert_eq!(a.due_reminders(START, 10).await.unwrap(), []);

    assert_eq!(a.unclaim_reminder("r1", old).await, Ok(false), "not its claim");
    assert_eq!(b.unclaim_reminder("r1", new).await, Ok(true));
    assert_eq!(b.claim_reminder("r1", new, START).await, Ok(ReminderClaim::Claimed));
    assert_eq!(b.finish_reminder("r1", new).await, Ok(true));
    assert_eq!(b.unclaim_reminder("r1", new).await, Ok(false), "it was sent");
    assert_eq!(fixture.marks.seen("epoch fenced"), 1);
}

#[tokio::test]
async fn what_was_tried_less_often_comes_first_and_then_what_is_due_longest() {
    let fixture = Fixture::new();
    let a = open(&fixture, &in_memory("order")).await;
    for (id, minutes) in [("late", 9), ("early", 1), ("tried", 0)] {
        a.add_reminder(reminder(id, START + Duration::from_secs(60 * minutes)))
            .await
            .unwrap();
    }
    let epoch = a.begin_epoch("idp-a").await.unwrap();
    assert_eq!(
        a.claim_reminder("tried", epoch, START).await,
        Ok(ReminderClaim::Claimed)
    );
    assert_eq!(a.unclaim_reminder("tried", epoch).await, Ok(true));
    let due = a.due_reminders(START + HOUR, 10).await.unwrap();
    let order: Vec<&str> = due.iter().map(|reminder| reminder.id.as_str()).collect();
    assert_eq!(order, ["early", "late", "tried"]);
    let first = a.due_reminders(START + HOUR, 1).await.unwrap();
    assert_eq!(first[0].id, "early");
}

#[tokio::test(start_paused = true)]
async fn some_rows_are_deleted_at_a_time() {
    let fixture = Fixture::new();
    let a = open(&fixture, &in_memory("batches")).await.sweeping(2);
    let epoch = a.begin_epoch("idp-a").await.unwrap();
    for n in 0..5 {
        let (id, code) = (format!("s{n}"), format!("otp{n}"));
        a.open_session(session(&id, &code), &code, START + HOUR).await.unwrap();
    }
    a.redeem(redemption("code", "t1")).await.unwrap();
    let began = tokio::time::Instant::now();
    assert_eq!(
        a.sweep(epoch, START + 2 * HOUR).await,
        Ok(6),
        "five sessions and a token"
    );
    assert_eq!(began.elapsed(), 3 * PAUSE, "others come in between");
    assert_eq!(a.sweep(epoch, START + 2 * HOUR).await, Ok(0));
}

#[tokio::test]
async fn the_ledger_outlives_a_clock_that_runs_ahead() {
    let fixture = Fixture::new();
    let a = open(&fixture, &in_memory("sweep")).await;
    let epoch = a.begin_epoch("idp-a").await.unwrap();
    a.redeem(redemption("code", "t1")).await.unwrap();
    a.open_session(session("s1", "otp"), "otp", START + HOUR).await.unwrap();
    assert_eq!(a.sweep(epoch, START).await, Ok(0));
    assert_eq!(
        a.sweep(epoch, START + 2 * HOUR).await,
        Ok(2),
        "the session and the token"
    );
    assert_eq!(
        a.redeem(redemption("code", "t2")).await,
        Ok(Redeemed::AlreadySpent { revoked_of: None })
    );
    assert_eq!(a.sweep(epoch, START + 48 * HOUR).await, Ok(2), "both codes");
    let newer = a.begin_epoch("idp-b").await.unwrap();
    assert!(newer > epoch);
    assert!(matches!(
        a.sweep(epoch, START + 48 * HOUR).await,
        Err(Failure::Fail(Cause::Refused(_)))
    ));
}
