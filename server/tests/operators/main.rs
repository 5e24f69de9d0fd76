//! What operators do with the directory: each command, its output, and what it refuses.

mod clients;
mod keys;
mod people;
#[path = "../support/mod.rs"]
mod support;

use serde_json::{Value, json};
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
