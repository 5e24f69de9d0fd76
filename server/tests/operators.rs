//! What operators do with the directory: each command, its output, and what it refuses.

mod support;

use serde_json::{Value, json};
use std::time::Duration;
use support::{Folder, done, refused};

/// A new directory.
fn directory(folder: &Folder) -> String {
    let file = folder.file("directory.sqlite");
    done(&["init", "--directory", &file]);
    file
}

fn parsed(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// Whether it is 256 random bits, as base64url.
fn is_secret(text: &str) -> bool {
    text.len() == 43 && text.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c))
}

#[cfg(unix)]
#[test]
fn a_new_directory_is_private_and_only_made_on_request() {
    use std::{fs, os::unix::fs::PermissionsExt};
    let folder = Folder::new("init");
    let file = folder.file("directory.sqlite");
    let mode = |file: &str| fs::metadata(file).expect("a file").permissions().mode() & 0o777;
    let out = done(&["init", "--directory", &file]);
    assert_eq!(out, format!("{file} is a new directory; only its owner can read it\n"));
    assert_eq!(mode(&file), 0o600);
    let again = refused(1, &["init", "--directory", &file]);
    assert!(again.contains("is there already: nothing was changed"), "{again}");

    let typo = folder.file("directroy.sqlite");
    for command in ["list-users", "list-clients"] {
        let err = refused(1, &[command, "--directory", &typo]);
        assert!(
            err.contains(&typo) && err.contains("no such file") && err.contains("idp init"),
            "{err}"
        );
    }
    assert!(!fs::exists(&typo).expect("known"), "nothing was made");

    let empty = folder.file("empty.sqlite");
    fs::write(&empty, "").expect("a file");
    fs::set_permissions(&empty, fs::Permissions::from_mode(0o600)).expect("a mode");
    let err = refused(1, &["list-users", "--directory", &empty]);
    assert!(err.contains("not a directory of this service"), "{err}");
    assert_eq!(fs::metadata(&empty).expect("a file").len(), 0, "left as it was");
    done(&["init", "--directory", &empty]); // what an interrupted `init` has left
    assert_eq!(done(&["list-users", "--directory", &empty]), "");

    for wide in [0o644, 0o640, 0o604] {
        fs::set_permissions(&file, fs::Permissions::from_mode(wide)).expect("a mode");
        let err = refused(1, &["list-users", "--directory", &file]);
        let says =
            format!("has mode {wide:04o}, so that others can get at the private key and the pepper in it: chmod 600");
        assert!(err.contains(&says), "{err}");
    }
    let json = done(&["init", "--json", "--directory", &folder.file("second.sqlite")]);
    assert_eq!(parsed(&json), json!({ "directory": folder.file("second.sqlite") }));
}

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
    use idp::{limits::FailureRepository, store::SqliteDirectory};
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
            opened.count_failure("ann@example.com").await.expect("counted");
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

#[test]
fn clients_are_added_listed_shown_changed_and_removed() {
    let folder = Folder::new("clients");
    let file = directory(&folder);
    let at = ["--directory", file.as_str()];
    let run = |command: &str, args: &[&str]| done(&[&[command][..], &at, args].concat());
    let json_of = |command: &str, args: &[&str]| parsed(&run(command, &[args, &["--json"]].concat()));

    assert_eq!(run("list-clients", &[]), "");
    let app = [
        "--id",
        "app",
        "--name",
        "App",
        "--redirect-uri",
        "https://app.example/cb",
    ];
    let out = run(
        "add-client",
        &[&app[..], &["--redirect-uri", "com.example.app:/cb"]].concat(),
    );
    let says = "client        app\nname          App\nkind          public: PKCE is what protects its codes\n\
                redirect URI  https://app.example/cb\nredirect URI  com.example.app:/cb\n";
    assert_eq!(out, says);
    let public = json!({
        "client_id": "app", "client_name": "App", "token_endpoint_auth_method": "none",
        "redirect_uris": ["https://app.example/cb", "com.example.app:/cb"],
    });
    assert_eq!(json_of("show-client", &["--id", "app"]), public);

    let web = [
        "--id",
        "web",
        "--name",
        "Web",
        "--redirect-uri",
        "https://web.example/cb",
        "--confidential",
    ];
    let added = json_of("add-client", &web);
    let secret = added["client_secret"].as_str().expect("a secret").to_owned();
    assert!(is_secret(&secret), "{secret}");
    assert_eq!(added["token_endpoint_auth_method"], "client_secret_basic");
    let listed = run("list-clients", &[]);
    let lines = "app  public  App  https://app.example/cb com.example.app:/cb\nweb  confidential  Web  https://web.example/cb\n";
    assert_eq!(listed, lines);
    assert_eq!(json_of("list-clients", &[])[0], public);
    let shown = json_of("show-client", &["--id", "web"]);
    assert_eq!(shown.get("client_secret"), None, "it is shown once");

    let rotated = json_of("rotate-client-secret", &["--id", "web"]);
    let second = rotated["client_secret"].as_str().expect("a secret");
    assert!(is_secret(second) && second != secret);
    let text = run("rotate-client-secret", &["--id", "web"]);
    assert!(text.contains("\nsecret        ") && text.ends_with("It is shown this once: only its hash is kept.\n"));

    let change = [
        "--id",
        "web",
        "--name",
        "Web 2",
        "--redirect-uri",
        "https://web.example/2",
    ];
    let changed = json_of("change-client", &change);
    let says = json!({
        "client_id": "web", "client_name": "Web 2", "token_endpoint_auth_method": "client_secret_basic",
        "redirect_uris": ["https://web.example/2"],
    });
    assert_eq!(changed, says, "the secret stays, and is not shown");
    let kept = json_of("change-client", &["--id", "web", "--confidential"]);
    assert_eq!(kept, says, "one that has a secret keeps it");
    let made_public = json_of("change-client", &["--id", "web", "--public"]);
    assert_eq!(made_public["token_endpoint_auth_method"], "none");
    let with_secret = json_of("change-client", &["--id", "web", "--confidential"]);
    assert!(is_secret(with_secret["client_secret"].as_str().expect("a secret")));

    assert_eq!(
        run("remove-client", &["--id", "web"]),
        "client \"web\" is removed, with all its access tokens\n"
    );
    let removed = json_of("remove-client", &["--id", "app"]);
    assert_eq!(removed, json!({ "client_id": "app", "removed": true }));
    assert_eq!(json_of("list-clients", &[]), json!([]));
}

#[test]
fn what_clients_are_told_of_people_is_changed_and_taken_back() {
    let folder = Folder::new("told");
    let file = directory(&folder);
    let run = |command: &str, args: &[&str]| {
        let at = ["--directory", file.as_str(), "--json"];
        parsed(&done(&[&[command][..], &at, args].concat()))
    };
    let ann = ["--address", "ann@example.com"];
    let called = [
        "--name",
        "Ann",
        "--username",
        "ann",
        "--group",
        "staff",
        "--group",
        "on call",
    ];
    let added = run("add-user", &[&ann[..], &called].concat());
    assert_eq!(added["preferred_username"], "ann");
    assert_eq!(added["groups"], json!(["staff", "on call"]));
    let change = |args: &[&str]| run("change-user", &[&ann[..], args].concat());
    let moved = change(&["--username", "anne", "--group", "board"]);
    assert_eq!(
        (&moved["preferred_username"], &moved["groups"]),
        (&json!("anne"), &json!(["board"]))
    );
    assert_eq!(
        change(&["--name", "Anne"])["groups"],
        json!(["board"]),
        "what is not named stays"
    );
    let bare = change(&["--no-username", "--no-groups"]);
    assert_eq!((bare.get("preferred_username"), bare.get("groups")), (None, None));
    for contradiction in [["--username", "a", "--no-username"], ["--group", "a", "--no-groups"]] {
        let args = [&["change-user", "--directory", file.as_str()][..], &ann, &contradiction].concat();
        assert!(refused(2, &args).contains("cannot be used with"));
    }
}

#[test]
fn where_people_go_after_a_sign_out_and_pkce_are_changed_and_taken_back() {
    let folder = Folder::new("sign-out");
    let file = directory(&folder);
    let args = |command: &'static str, args: &[&'static str]| {
        let file = file.clone();
        let all: Vec<String> = [command, "--directory"].iter().map(|arg| (*arg).to_owned()).collect();
        [all, vec![file], args.iter().map(|arg| (*arg).to_owned()).collect()].concat()
    };
    let run = |command, more: &[&'static str]| {
        let all = args(command, &[more, &["--json"]].concat());
        parsed(&done(&all.iter().map(String::as_str).collect::<Vec<_>>()))
    };
    let no = |code, command, more: &[&'static str]| {
        let all = args(command, more);
        refused(code, &all.iter().map(String::as_str).collect::<Vec<_>>())
    };
    const BYE: [&str; 2] = ["--post-logout-redirect-uri", "https://web.example/bye"];
    let web = [
        "--id",
        "web",
        "--name",
        "Web",
        "--redirect-uri",
        "https://web.example/cb",
    ];
    let added = run(
        "add-client",
        &[&web[..], &BYE, &["--confidential", "--pkce", "required"]].concat(),
    );
    assert_eq!(added["post_logout_redirect_uris"], json!(["https://web.example/bye"]));
    assert_eq!(added["require_pkce"], true);
    let kept = run("change-client", &["--id", "web", "--name", "Web 2"]);
    assert_eq!(
        kept["post_logout_redirect_uris"],
        json!(["https://web.example/bye"]),
        "what is not named stays"
    );
    let nowhere = ["--id", "web", "--no-post-logout-redirect-uris", "--pkce", "optional"];
    let changed = run("change-client", &nowhere);
    let gone = (changed.get("post_logout_redirect_uris"), changed.get("require_pkce"));
    assert_eq!(gone, (None, None));
    let contradiction = [&["--id", "web", "--no-post-logout-redirect-uris"][..], &BYE].concat();
    assert!(no(2, "change-client", &contradiction).contains("cannot be used with"));
    let bad = ["--id", "web", "--post-logout-redirect-uri", "https:///bye"];
    assert!(no(2, "change-client", &bad).contains("it has no host"));

    run("change-client", &["--id", "web", "--public"]);
    let err = no(1, "change-client", &["--id", "web", "--pkce", "optional"]);
    assert!(err.contains("web is public, and always has to use PKCE"), "{err}");
}

/// The answer of such a command may be the only copy of a secret.
#[cfg(target_os = "linux")]
#[test]
fn an_answer_that_cannot_be_written_is_told() {
    use std::{fs::OpenOptions, process::Stdio};
    let folder = Folder::new("full");
    let file = directory(&folder);
    let add = |id: &str, more: &[&str], out: Stdio| {
        let web = [
            "add-client",
            "--directory",
            &file,
            "--id",
            id,
            "--name",
            "Web",
            "--redirect-uri",
            "https://web.example/cb",
        ];
        let mut command = support::idp(&[&web[..], more].concat());
        let output = command.stdout(out).stderr(Stdio::piped()).spawn().expect("it starts");
        support::Said::from(output.wait_with_output().expect("it ends"))
    };
    let full = || Stdio::from(OpenOptions::new().write(true).open("/dev/full").expect("a device"));
    let said = add("web", &[], full());
    assert_eq!(said.code, 1);
    assert!(
        said.err.contains("it is done, but its answer could not be written"),
        "{}",
        said.err
    );
    let nobody_reads = || {
        let (reader, writer) = std::io::pipe().expect("a pipe");
        drop(reader);
        Stdio::from(writer)
    };
    assert_eq!(add("app", &[], nobody_reads()).code, 0, "whoever reads has seen enough");
    let said = add("secret", &["--confidential"], nobody_reads());
    assert_eq!(said.code, 1, "{}", said.err);
}

#[test]
fn a_client_that_is_there_is_not_overwritten() {
    let folder = Folder::new("overwritten");
    let file = directory(&folder);
    let at = ["--directory", file.as_str()];
    let web = [
        "--id",
        "web",
        "--name",
        "Web",
        "--redirect-uri",
        "https://web.example/cb",
    ];
    done(&[&["add-client"][..], &at, &web, &["--confidential"]].concat());
    for kind in [&[][..], &["--confidential"]] {
        let err = refused(1, &[&["add-client"][..], &at, &web, kind].concat());
        assert!(
            err.contains("client \"web\" is there already") && err.contains("rotate-client-secret"),
            "{err}"
        );
    }
    let shown = parsed(&done(&[&["show-client"][..], &at, &["--id", "web", "--json"]].concat()));
    assert_eq!(
        shown["token_endpoint_auth_method"], "client_secret_basic",
        "it kept its secret"
    );
}

#[test]
fn what_no_client_may_have_is_refused_with_the_reason() {
    let folder = Folder::new("refused");
    let file = directory(&folder);
    let at = ["--directory", file.as_str()];
    let good = "https://app.example/cb";
    for (id, name, uri, says) in [
        ("", "App", good, "--id \"\": it is empty"),
        ("a b", "App", good, "--id \"a b\": it has ' '"),
        ("app", "", good, "--name \"\": it is empty"),
        (
            "app",
            "App",
            "javascript:alert(1)",
            "the scheme `javascript` cannot be used",
        ),
        ("app", "App", "not a url", "--redirect-uri \"not a url\": it has ' '"),
        ("app", "App", "app.example/cb", "not an absolute URI"),
        ("app", "App", "https://app.example/cb#top", "has a fragment"),
        (
            "app",
            "App",
            "http://app.example/cb",
            "http is for loopback addresses only",
        ),
        ("app", "App", "myapp:/cb", "a private-use scheme, which has a period"),
    ] {
        let new = ["--id", id, "--name", name, "--redirect-uri", uri];
        let err = refused(2, &[&["add-client"][..], &at, &new].concat());
        assert!(err.contains(says), "{id:?} {name:?} {uri:?}: {err}");
    }
    let new = ["--id", "app", "--name", "App", "--redirect-uri", good];
    let twice = [&["add-client"][..], &at, &new, &["--redirect-uri", good]].concat();
    assert!(refused(2, &twice).contains("it is given twice"));
    assert_eq!(done(&[&["list-clients"][..], &at].concat()), "", "nothing was added");

    done(&[&["add-client"][..], &at, &new].concat());
    let change = |more: &[&str]| refused(2, &[&["change-client"][..], &at, &["--id", "app"], more].concat());
    let err = change(&["--redirect-uri", "javascript:alert(1)"]);
    assert!(err.contains("the scheme `javascript` cannot be used"), "{err}");
    assert!(
        change(&[]).contains("--redirect-uri"),
        "something must become different"
    );
    assert!(change(&["--public", "--confidential"]).contains("cannot be used with"));
    let public = [&["rotate-client-secret"][..], &at, &["--id", "app"]].concat();
    let err = refused(1, &public);
    assert!(
        err.contains("is public and has no secret: change-client --confidential"),
        "{err}"
    );
    for command in ["show-client", "remove-client", "rotate-client-secret"] {
        let err = refused(1, &[&[command][..], &at, &["--id", "nobody"]].concat());
        assert!(err.contains("there is no client \"nobody\": list-clients"), "{err}");
    }
    let nobody = [&["change-client"][..], &at, &["--id", "nobody", "--name", "N"]].concat();
    assert!(refused(1, &nobody).contains("there is no client"));
}

/// `add-user` and all others meet a lock that somebody holds for a moment, even one that keeps readers out.
#[test]
fn a_momentary_lock_is_waited_for() {
    let folder = Folder::new("locked");
    let file = directory(&folder);
    let other = rusqlite::Connection::open(&file).expect("it opens");
    let exclusive = "PRAGMA locking_mode = EXCLUSIVE; BEGIN IMMEDIATE;";
    other.execute_batch(exclusive).expect("the lock");
    let add = [
        "add-user",
        "--directory",
        &file,
        "--address",
        "ann@example.com",
        "--name",
        "Ann",
    ];
    let child = support::idp(&add).spawn().expect("the program starts");
    seams_os::clock::sleep_ms(2_000);
    drop(other);
    let output = child.wait_with_output().expect("it ends");
    assert!(output.status.success(), "it waited");
    assert!(done(&["list-users", "--directory", &file]).starts_with("ann@example.com"));
}
