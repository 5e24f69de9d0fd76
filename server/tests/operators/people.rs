//! Commands for people.

use crate::{
    directory, parsed,
    support::{Folder, done, refused},
};
use serde_json::json;
use std::time::Duration;

#[test]
fn people_are_added_listed_shown_changed_and_removed() {
    let folder = Folder::new("users");
    let file = directory(&folder);
    let at = ["--directory", file.as_str()];
    let run = |command: &str, args: &[&str]| done(&[&[command][..], &at, args].concat());
    let no = |code, command: &str, args: &[&str]| refused(code, &[&[command][..], &at, args].concat());

    assert_eq!(run("list-users", &[]), "");
    assert_eq!(parsed(&run("list-users", &["--json"])), json!([]));
    let added = parsed(&run(
        "add-user",
        &["--address", " Ann@Example.com", "--name", "Ann", "--json"],
    ));
    let subject = added["sub"].as_str().expect("a subject").to_owned();
    let ann = json!({
        "sub": subject, "email": "ann@example.com", "name": "Ann", "wrong_codes": 0, "locked": false,
    });
    assert_eq!(added, ann);
    let bob = run("add-user", &["--address", "bob@example.com", "--name", "Bob"]);
    assert!(bob.starts_with("bob@example.com may log in; subject user-"), "{bob}");
    let listed = parsed(&run("list-users", &["--json"]));
    assert_eq!((&listed[0], listed.as_array().expect("a list").len()), (&ann, 2));
    assert!(run("list-users", &[]).starts_with(&format!("ann@example.com  {subject}  Ann\nbob@example.com  user-")));
    assert_eq!(
        parsed(&run("show-user", &["--address", "ANN@example.com", "--json"])),
        ann
    );
    let shown = run("show-user", &["--address", "ann@example.com"]);
    let says =
        format!("address      ann@example.com\nname         Ann\nsubject      {subject}\nwrong codes  0 in a row\n");
    assert_eq!(shown, says);

    let change = [
        "--address",
        "ann@example.com",
        "--new-address",
        "ann@example.org",
        "--name",
        "Anne",
        "--json",
    ];
    let changed = parsed(&run("change-user", &change));
    let moved = json!({
        "sub": subject, "email": "ann@example.org", "name": "Anne", "wrong_codes": 0, "locked": false,
    });
    assert_eq!(changed, moved, "the subject stays");

    let err = no(1, "add-user", &["--address", "bob@example.com", "--name", "Robert"]);
    assert!(err.contains("bob@example.com is somebody's address already"), "{err}");
    let err = no(
        1,
        "change-user",
        &["--address", "ann@example.org", "--new-address", "bob@example.com"],
    );
    assert!(err.contains("bob@example.com is somebody's address already"), "{err}");
    for command in ["show-user", "remove-user", "unlock-user"] {
        let err = no(1, command, &["--address", "eve@example.com"]);
        assert!(
            err.contains("nobody has the address eve@example.com: list-users"),
            "{err}"
        );
    }
    for address in [
        "",
        "ann",
        "@",
        "a b@example.com",
        "ann@example.com\r\nBcc: x@y",
        "ann@@example.com",
    ] {
        let err = no(2, "add-user", &["--address", address, "--name", "Ann"]);
        assert!(err.contains("not a mail address"), "{address:?}: {err}");
    }
    for name in ["", " ", "a\u{7}"] {
        let err = no(2, "add-user", &["--address", "x@example.com", "--name", name]);
        assert!(err.contains("--name"), "{name:?}: {err}");
    }
    let err = no(2, "change-user", &["--address", "ann@example.org"]);
    assert!(err.contains("--new-address") && err.contains("--name"), "{err}");

    let removed = run("remove-user", &["--address", "ann@example.org"]);
    assert_eq!(
        removed,
        "ann@example.org is removed, with all sessions and access tokens\n"
    );
    let removed = run("remove-user", &["--address", "bob@example.com", "--json"]);
    assert_eq!(parsed(&removed), json!({ "email": "bob@example.com", "removed": true }));
    assert_eq!(run("list-users", &[]), "");
}

#[tokio::test]
async fn a_locked_address_is_unlocked() {
    use idp::{
        limits::{CountedAttempt, FailureRepository},
        store::SqliteDirectory,
    };
    use seams::Timestamp;
    let folder = Folder::new("unlock");
    let file = directory(&folder);
    let at = ["--directory", file.as_str(), "--address", "ann@example.com"];
    let run = |command: &str, args: &[&str]| done(&[&[command][..], &at, args].concat());
    run("add-user", &["--name", "Ann"]);
    let not_locked = "ann@example.com was not locked: there was no wrong code\n";
    assert_eq!(run("unlock-user", &[]), not_locked);

    let env = seams_os::env("test", std::net::Ipv4Addr::LOCALHOST.into());
    let opened = SqliteDirectory::open(env, &file, Duration::from_secs(5)).await;
    let opened = opened.expect("the directory");
    let fail = async |times: u64| {
        for _ in 0..times {
            let attempt = CountedAttempt {
                address: "ann@example.com".into(),
                known: None,
                at: Timestamp(0),
                limit: 100,
            };
            opened.count_attempt(attempt).await.expect("counted");
        }
    };
    fail(3).await;
    let says = "ann@example.com was not locked; 3 wrong codes in a row are forgotten\n";
    assert_eq!(run("unlock-user", &[]), says);
    fail(100).await;
    let shown = parsed(&run("show-user", &["--json"]));
    assert_eq!((&shown["wrong_codes"], &shown["locked"]), (&json!(100), &json!(true)));
    assert!(run("show-user", &[]).contains("100 in a row: locked, unlock-user"));
    assert!(done(&["list-users", "--directory", &file]).ends_with("Ann  locked\n"));
    let says = "ann@example.com was locked after 100 wrong codes in a row, and may log in again\n";
    assert_eq!(run("unlock-user", &[]), says);
    fail(1).await;
    let unlocked = parsed(&run("unlock-user", &["--json"]));
    assert_eq!(
        (&unlocked["wrong_codes"], &unlocked["locked"]),
        (&json!(0), &json!(false))
    );
    assert_eq!(opened.failures("ann@example.com").await, Ok(0));
}
