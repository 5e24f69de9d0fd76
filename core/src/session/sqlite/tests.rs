use super::*;
use crate::{
    leader::{EpochRepository, ExpiryRepository},
    redemption::{CodeRedemption, Redeemed, TokenRecord, TokenRepository},
    store::{
        sqlite::testing::{HOUR, in_memory, open, redemption},
        testing::{Fixture, START},
    },
    users::User,
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

fn replacing(id: &str, earlier: &str, user_id: &str) -> Session {
    Session {
        replaces: Some(earlier.into()),
        user_id: user_id.into(),
        ..session(id, &format!("otp-{id}"))
    }
}

fn ann() -> Outcome<Vec<String>> {
    Ok(vec!["user-ann".into()])
}

async fn directory(test: &str) -> SqliteDirectory {
    let directory = open(&Fixture::new(), &in_memory(test)).await;
    let bob = User {
        id: "user-bob".into(),
        address: "bob@example.com".into(),
        ..User::default()
    };
    directory.add_user(&bob).await.expect("a user");
    directory
}

async fn opened(directory: &SqliteDirectory, sessions: &[Session]) {
    for session in sessions {
        let code = session.opened_by.clone();
        let opening = directory.open_session(session.clone(), &code, START + HOUR).await;
        assert_eq!(opening, Ok(SessionOpening::Opened));
    }
}

async fn live<const N: usize>(directory: &SqliteDirectory, ids: [&str; N]) -> [bool; N] {
    let mut live = [false; N];
    for (n, id) in ids.into_iter().enumerate() {
        live[n] = directory.session(id, START).await.unwrap().is_some();
    }
    live
}

async fn token_in(directory: &SqliteDirectory, sid: &str) -> Redeemed {
    let mut redemption = redemption(&format!("code-{sid}"), &format!("token-{sid}"));
    redemption.token.sid = Some(sid.into());
    directory.redeem(redemption).await.unwrap()
}

#[tokio::test]
async fn a_session_ends_when_the_cookie_comes_that_replaces_it() {
    let a = directory("replaced").await;
    opened(&a, &[session("s1", "otp"), replacing("s2", "s1", "user-ann")]).await;
    assert_eq!(live(&a, ["s1", "s2"]).await, [true, true], "the answer may be lost");
    let second = a.session("s2", START).await.unwrap().unwrap();
    assert_eq!((second.sid.as_str(), second.replaces.as_deref()), ("s1", Some("s1")));
    token_in(&a, "s1").await;
    assert_eq!(
        a.end_replaced("s2", START + HOUR).await,
        Ok(vec![]),
        "nobody is signed out"
    );
    assert_eq!(live(&a, ["s1", "s2"]).await, [false, true]);
    assert_eq!(a.session("s2", START).await.unwrap().unwrap().replaces, None);
    assert!(a.token("token-s1", START).await.unwrap().is_some(), "it goes on");
    assert_eq!(a.end_session("s2", START + HOUR).await, ann());
    assert_eq!(a.token("token-s1", START).await, Ok(None), "issued in the same session");
}

#[tokio::test]
async fn a_session_of_another_person_ends_with_all_that_was_issued_in_it() {
    let a = directory("replaced-by-another").await;
    opened(&a, &[session("s1", "otp"), replacing("s2", "s1", "user-bob")]).await;
    assert_eq!(a.session("s2", START).await.unwrap().unwrap().sid, "s2");
    token_in(&a, "s1").await;
    assert_eq!(a.end_replaced("s2", START + HOUR).await, ann());
    assert_eq!(a.end_replaced("s2", START + HOUR).await, Ok(vec![]), "once");
    assert_eq!(live(&a, ["s1", "s2"]).await, [false, true]);
    assert_eq!(a.token("token-s1", START).await, Ok(None));
}

/// Three logins of which the second cookie never came.
#[tokio::test]
async fn what_was_never_presented_ends_with_what_it_replaces() {
    for (test, signs_out) in [("chain-presented", false), ("chain-signed-out", true)] {
        let a = directory(test).await;
        let chain = [
            session("s1", "otp"),
            replacing("s2", "s1", "user-bob"),
            replacing("s3", "s2", "user-ann"),
        ];
        opened(&a, &chain).await;
        let ended = match signs_out {
            true => a.end_session("s3", START + HOUR).await,
            false => a.end_replaced("s3", START + HOUR).await,
        };
        let people = |names: &[&str]| Ok(names.iter().map(|name| format!("user-{name}")).collect());
        match signs_out {
            true => assert_eq!(ended, people(&["ann", "bob", "ann"])),
            false => assert_eq!(ended, people(&["bob", "ann"])),
        }
        assert_eq!(live(&a, ["s1", "s2", "s3"]).await, [false, false, !signs_out]);
    }
}

/// The answer with the second cookie was lost, and the person signs out with the first one.
#[tokio::test]
async fn signing_out_ends_a_session_under_all_its_cookies() {
    let a = directory("siblings").await;
    opened(&a, &[session("s1", "otp"), replacing("s2", "s1", "user-ann")]).await;
    assert_eq!(a.end_session("s1", START + HOUR).await, ann());
    assert_eq!(live(&a, ["s1", "s2"]).await, [false, false]);
    assert_eq!(
        token_in(&a, "s1").await,
        Redeemed::SignedOut,
        "its code is of no use any more"
    );
    assert_eq!(a.token("token-s1", START).await, Ok(None));
    let epoch = a.begin_epoch("idp-a").await.unwrap();
    a.sweep(epoch, START + HOUR / 2).await.unwrap();
    assert_eq!(token_in(&a, "s1").await, Redeemed::AlreadySpent { revoked_of: None });
    let another = CodeRedemption {
        code_hash: "another".into(),
        ..redemption("code-s1", "another-token")
    };
    let in_it = |redemption: CodeRedemption| CodeRedemption {
        token: TokenRecord {
            sid: Some("s1".into()),
            ..redemption.token.clone()
        },
        ..redemption
    };
    assert_eq!(
        a.redeem(in_it(another)).await,
        Ok(Redeemed::SignedOut),
        "it is remembered"
    );
    a.sweep(epoch, START + HOUR).await.unwrap();
    let late = in_it(redemption("late", "late-token"));
    assert_eq!(a.redeem(late).await, Ok(Redeemed::Now), "and no longer than it must be");
}

#[tokio::test]
async fn a_one_time_code_opens_one_session() {
    let fixture = Fixture::new();
    let location = in_memory("sessions");
    let (a, b) = (open(&fixture, &location).await, open(&fixture, &location).await);
    let until = START + HOUR;
    let opened = a.open_session(session("s1", "otp"), "otp", until).await;
    assert_eq!(opened, Ok(SessionOpening::Opened));
    let double_click = b.open_session(session("s1", "otp"), "otp", until).await;
    assert_eq!(double_click, Ok(SessionOpening::AlreadyOpen));
    let thief = b.open_session(session("s2", "otp"), "otp", until).await;
    assert_eq!(thief, Ok(SessionOpening::CodeSpent));
    assert_eq!(b.session("s1", START).await, Ok(Some(session("s1", "otp"))));
    assert_eq!(b.session("s2", START).await, Ok(None));
    assert_eq!(b.session("s1", until).await, Ok(None), "expired");
    assert_eq!(b.end_session("s1", until).await, ann());
    assert_eq!(a.end_session("s1", until).await, Ok(vec![]));
    let after_logout = a.open_session(session("s1", "otp"), "otp", until).await;
    assert_eq!(after_logout, Ok(SessionOpening::CodeSpent));
}
