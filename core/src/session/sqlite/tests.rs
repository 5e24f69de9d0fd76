use super::*;
use crate::store::{
    sqlite::testing::{HOUR, in_memory, open},
    testing::{Fixture, START},
};

fn session(id: &str, code: &str) -> Session {
    Session {
        id_hash: id.into(),
        user_id: "user-ann".into(),
        authenticated_at: START,
        expires_at: START + HOUR,
        opened_by: code.into(),
    }
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
    assert_eq!(b.end_session("s1").await, Ok(Some("user-ann".into())));
    assert_eq!(a.end_session("s1").await, Ok(None));
    let after_logout = a.open_session(session("s1", "otp"), "otp", until).await;
    assert_eq!(after_logout, Ok(SessionOpening::CodeSpent));
}
