//! Strangers at somebody's address, and the person in a browser that has logged in before.

use super::{ANN, wrong};
use crate::testing::{Browser, TestBed};

/// Begins a login at the address of ann, from a place, and types so many wrong codes: what each was answered.
async fn guess(bed: &TestBed, client: u8, guesses: usize) -> Vec<String> {
    let mut eve = Browser {
        client,
        ..Browser::default()
    };
    let flow = eve.begin(bed).await;
    let mut told = vec![eve.ask(bed, &flow).await.page().2.to_owned()];
    let right = bed.out.codes(ANN).pop().unwrap_or_default();
    for n in 0..guesses {
        let code = if n == 0 {
            wrong(&right).to_owned()
        } else {
            format!("1111111{n}")
        };
        told.push(eve.verify(bed, &flow, &code).await.page().2.to_owned());
    }
    told
}

/// Logs in as ann, whose session is over, up to the first refusal.
async fn log_in(bed: &TestBed, browser: &mut Browser) -> Result<(), String> {
    browser.cookies.retain(|(name, _)| name != "__Host-session");
    let flow = browser.begin(bed).await;
    let sent = browser.ask(bed, &flow).await;
    if sent.status.as_u16() != 303 {
        return Err(sent.page().2.to_owned());
    }
    let code = bed.out.codes(ANN).pop().expect("a mail");
    let verified = browser.verify(bed, &flow, &code).await;
    match verified.status.as_u16() {
        303 => Ok(()),
        _ => Err(verified.page().2.to_owned()),
    }
}

fn new_browser() -> Browser {
    Browser {
        client: 200,
        ..Browser::default()
    }
}

fn known(browser: &Browser) -> String {
    browser.cookie("__Host-known").unwrap_or_default().to_owned()
}

#[tokio::test(start_paused = true)]
async fn strangers_do_not_keep_a_person_out_of_a_known_browser() {
    let bed = TestBed::new().await;
    let mut laptop = new_browser();
    log_in(&bed, &mut laptop).await.unwrap();
    bed.fixture.clock.pass(300_001);

    // Ten wrong codes and five mails, from several places.
    for client in 1..=5 {
        assert_eq!(guess(&bed, client, 2).await, ["", "wrong-code", "wrong-code"]);
    }
    assert_eq!(log_in(&bed, &mut new_browser()).await, Err("too-many-mails".into()));
    assert_eq!(log_in(&bed, &mut laptop).await, Ok(()));
    // A success forgets failures in a row, and no window.
    assert_eq!(log_in(&bed, &mut new_browser()).await, Err("too-many-mails".into()));
    // Somebody who has made the cookie up is a stranger.
    let mut forged = new_browser();
    forged.keep("__Host-known", &"A".repeat(43));
    assert_eq!(log_in(&bed, &mut forged).await, Err("too-many-mails".into()));
}

#[tokio::test(start_paused = true)]
async fn the_hard_stop_is_for_strangers() {
    let bed = TestBed::new().await;
    let mut laptop = new_browser();
    log_in(&bed, &mut laptop).await.unwrap();
    for _ in 0..10 {
        bed.fixture.clock.pass(300_001);
        for client in 1..=5 {
            guess(&bed, client, 2).await;
        }
    }
    bed.fixture.clock.pass(300_001);
    assert_eq!(log_in(&bed, &mut new_browser()).await, Err("locked".into()));
    assert_eq!(log_in(&bed, &mut laptop).await, Ok(()));
    // Which unlocks the address.
    assert_eq!(log_in(&bed, &mut new_browser()).await, Ok(()));
}

#[tokio::test(start_paused = true)]
async fn one_client_does_not_use_up_what_everybody_has() {
    let bed = TestBed::new().await;
    assert_eq!(guess(&bed, 1, 4).await[1..], ["wrong-code"; 4]);
    assert_eq!(guess(&bed, 1, 4).await[1..], ["wrong-code"; 4]);
    assert_eq!(guess(&bed, 1, 1).await, ["", "too-many-from-here"]);
    assert_eq!(guess(&bed, 1, 0).await, [""]);
    assert_eq!(guess(&bed, 1, 0).await, ["too-many-from-here"]);
    assert_eq!(log_in(&bed, &mut new_browser()).await, Ok(()));
}

#[tokio::test(start_paused = true)]
async fn one_client_tries_so_many_addresses_and_no_more() {
    let bed = TestBed::new().await;
    let limits = bed.config.limits;
    let mut refused = 0;
    for n in 0..limits.client_sends_in_all + 5 {
        let mut eve = Browser::default();
        let flow = eve.begin(&bed).await;
        let address = format!("somebody-{n}@example.com");
        let sent = eve
            .post(&bed, "/login/send", &[("flow", &flow), ("address", &address)])
            .await;
        refused += u64::from(sent.page().2 == "too-many-from-here");
        if sent.status.as_u16() == 303 {
            for guess in ["11111111", "22222222", "33333333"] {
                refused += 1000 * u64::from(eve.verify(&bed, &flow, guess).await.page().2 == "too-many-from-here");
            }
        }
    }
    assert_eq!(refused % 1000, 5);
    assert_eq!(
        refused / 1000,
        3 * limits.client_sends_in_all - limits.client_login_attempts_in_all
    );
}

#[tokio::test(start_paused = true)]
async fn a_browser_knows_who_logged_in_there_last() {
    let bed = TestBed::new().await;
    let mut shared = new_browser();
    log_in(&bed, &mut shared).await.unwrap();
    let of_ann = known(&shared);
    bed.fixture.clock.pass(60_000);
    log_in(&bed, &mut shared).await.unwrap();
    assert_eq!(known(&shared), of_ann, "the same as long as it is known");
    shared.cookies.retain(|(name, _)| name != "__Host-session");
    shared.log_in_as(&bed, "bob@example.com").await;
    assert_ne!(known(&shared), of_ann);
    // What somebody else has put there does not become known.
    let mut foreign = new_browser();
    foreign.keep("__Host-known", &"A".repeat(43));
    bed.fixture.clock.pass(300_001);
    log_in(&bed, &mut foreign).await.unwrap();
    assert_ne!(known(&foreign), "A".repeat(43));
}

#[tokio::test(start_paused = true)]
async fn a_known_browser_has_limits_of_its_own() {
    let bed = TestBed::new().await;
    let mut laptop = new_browser();
    log_in(&bed, &mut laptop).await.unwrap();
    laptop.cookies.retain(|(name, _)| name != "__Host-session");
    bed.fixture.clock.pass(300_001);
    let mut told = vec![];
    for round in 0..3 {
        let flow = laptop.begin(&bed).await;
        laptop.ask(&bed, &flow).await;
        for n in 0..4 {
            told.push(
                laptop
                    .verify(&bed, &flow, &format!("2222{round}00{n}"))
                    .await
                    .page()
                    .2
                    .to_owned(),
            );
        }
    }
    assert_eq!(told[..10], ["wrong-code"; 10]);
    assert_eq!(told[10..], ["too-many-logins"; 2]);
    assert_eq!(
        log_in(&bed, &mut Browser::default()).await,
        Ok(()),
        "nobody else is kept out by that"
    );
}
