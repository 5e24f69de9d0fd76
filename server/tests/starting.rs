//! Starting a replica: the directory that it finds, the ports that it opens, and what it refuses.

#[expect(unreachable_pub, reason = "the file is part of a library")]
#[path = "../../sim/conformance/src/port.rs"]
mod port;
mod support;

use port::Port;
use std::{fs, net::TcpStream, process::Command};
use support::{Folder, Server, done, get, idp, refused};

/// A replica of production whose Redis and relay are not there: it serves operators, and says why it serves nobody else.
fn replica(name: &str, file: &str, [port, ops_port]: [u16; 2]) -> Command {
    let mut command = idp(&["--issuer", "https://login.example", "--redis-sentinel", "127.0.0.1:1"]);
    command.args([
        "--mail-relay",
        "127.0.0.1:1",
        "--bind",
        "127.0.0.1",
        "--replica",
        name,
        "--directory",
        file,
    ]);
    command.args(["--port", &port.to_string(), "--ops-port", &ops_port.to_string()]);
    command
}

fn ports() -> ([Port; 2], [u16; 2]) {
    let reserved = [(); 2].map(|()| Port::reserve().expect("a free port"));
    let numbers = reserved.each_ref().map(Port::number);
    (reserved, numbers)
}

#[test]
fn replicas_that_start_at_the_same_time_share_a_new_directory() {
    let folder = Folder::new("together");
    for pair in 0..12 {
        let file = folder.file(&format!("{pair}.sqlite"));
        let started: Vec<_> = ["idp-a", "idp-b", "idp-c"]
            .into_iter()
            .map(|name| {
                let (reserved, numbers) = ports();
                let mut command = replica(name, &file, numbers);
                command.arg("--create-directory");
                (name, numbers, Server::start(command), reserved)
            })
            .collect();
        for (name, [_, ops_port], mut server, _reserved) in started {
            server.wait_for_port(ops_port);
            let (status, body) = get(ops_port, "/health");
            assert_eq!(status, 503);
            assert!(body.contains(name) && !body.contains("directory:"), "{body}");
        }
    }
}

/// "How To Corrupt An SQLite Database File", section 1.4: two processes would each work on a log of their own.
#[cfg(unix)]
#[test]
fn a_replica_does_not_go_on_with_files_that_were_deleted() {
    let folder = Folder::new("deleted");
    let file = folder.file("directory.sqlite");
    done(&["init", "--directory", &file]);
    notices_that_its_log_is_deleted(&folder, &file);
}

/// SQLite keeps the log beside the file that the link leads to.
#[cfg(unix)]
#[test]
fn a_replica_notices_deleted_files_behind_a_link() {
    let folder = Folder::new("deleted-behind-a-link");
    let file = folder.file("link.sqlite");
    done(&["init", "--directory", &folder.file("directory.sqlite")]);
    std::os::unix::fs::symlink(folder.file("directory.sqlite"), &file).expect("a link");
    notices_that_its_log_is_deleted(&folder, &file);
}

#[cfg(unix)]
fn notices_that_its_log_is_deleted(folder: &Folder, file: &str) {
    let (_reserved, numbers) = ports();
    let ops_port = numbers[1];
    let mut server = Server::start(replica("idp-a", file, numbers));
    server.wait_for_port(ops_port);
    let says = "directory: the directory's files were deleted or replaced";
    assert!(!get(ops_port, "/health").1.contains("directory:"));
    for log in ["directory.sqlite-wal", "directory.sqlite-shm"] {
        fs::remove_file(folder.file(log)).expect("it is there");
    }
    server.wait_until("the replica to notice", |_| get(ops_port, "/health").1.contains(says));
    // Others go on with the directory, and so does the replica once it starts again.
    let add = [
        "add-user",
        "--directory",
        file,
        "--address",
        "ann@example.com",
        "--name",
        "Ann",
    ];
    done(&add);
    assert!(get(ops_port, "/health").1.contains(says), "its files are others still");
    drop(server);
    let mut server = Server::start(replica("idp-a", file, numbers));
    server.wait_for_port(ops_port);
    assert!(!get(ops_port, "/health").1.contains("directory:"));
    assert!(done(&["list-users", "--directory", file]).contains("ann@example.com"));
}

#[cfg(unix)]
#[test]
fn a_replica_makes_a_directory_only_if_it_is_told_to() {
    use std::os::unix::fs::PermissionsExt;
    let folder = Folder::new("typo");
    let file = folder.file("directory.sqlite");
    let (_reserved, numbers) = ports();
    let ended = replica("idp-a", &file, numbers).output().expect("it starts");
    let err = String::from_utf8_lossy(&ended.stderr);
    assert_eq!(ended.status.code(), Some(1), "{err}");
    assert!(err.contains("no such file") && err.contains("idp init"), "{err}");
    assert!(!fs::exists(&file).expect("known"));

    let mut command = replica("idp-a", &file, numbers);
    command.arg("--create-directory");
    let mut server = Server::start(command);
    server.wait_for_port(numbers[1]);
    for name in ["directory.sqlite", "directory.sqlite-wal", "directory.sqlite-shm"] {
        let about = fs::metadata(folder.file(name)).expect(name);
        assert_eq!(about.permissions().mode() & 0o777, 0o600, "{name}");
    }
}

#[test]
fn the_port_for_operators_is_on_loopback_unless_told_otherwise() {
    let folder = Folder::new("ops");
    let file = folder.file("directory.sqlite");
    done(&["init", "--directory", &file]);
    // All of 127/8 is loopback: other addresses of this machine, on Linux.
    for (options, is_reached) in [(&[][..], [true, false]), (&["--ops-bind", "0.0.0.0"], [true, true])] {
        let (_reserved, numbers) = ports();
        let mut command = replica("idp-a", &file, numbers);
        command.args(options);
        let mut server = Server::start(command);
        server.wait_for_port(numbers[1]);
        let reached = ["127.0.0.1", "127.0.0.2"].map(|ip| TcpStream::connect((ip, numbers[1])).is_ok());
        assert_eq!(reached, is_reached, "{options:?}");
    }
}

#[test]
fn an_issuer_that_cannot_work_is_refused() {
    let folder = Folder::new("issuer");
    let file = folder.file("directory.sqlite");
    let rest = [
        "--redis-sentinel",
        "127.0.0.1:1",
        "--mail-relay",
        "127.0.0.1:1",
        "--directory",
        &file,
    ];
    for (issuer, says) in [
        ("https://login.example/tenant", "has a path"),
        ("https://x?y=1#z", "a query or a fragment"),
        ("http://login.example", "must be https"),
        ("https://login.example/", "trailing slash"),
    ] {
        let err = refused(2, &[&["--issuer", issuer][..], &rest].concat());
        assert!(err.contains(issuer) && err.contains(says), "{err}");
    }
    let same = ["--issuer", "https://login.example", "--port", "9090"];
    let err = refused(2, &[&same[..], &rest].concat());
    assert!(err.contains("--port 9090 and --ops-port 9090"), "{err}");
    let same = ["--issuer", "https://login.example", "--account-port", "8080"];
    let err = refused(2, &[&same[..], &rest].concat());
    assert!(err.contains("--port 8080 and --account-port 8080"), "{err}");
    let err = refused(
        2,
        &["--dev", "--port", "8090", "--demo-port", "8090", "--directory", &file],
    );
    assert!(err.contains("--port 8090 and --demo-port 8090"), "{err}");
    assert!(!fs::exists(&file).expect("known"), "refused before anything was made");
}

#[test]
fn development_and_production_never_share_a_directory() {
    let folder = Folder::new("kinds");
    let real = folder.file("real.sqlite");
    done(&["init", "--directory", &real]);
    let demo = [
        "--id",
        "demo",
        "--name",
        "Our demo",
        "--redirect-uri",
        "https://demo.example/cb",
        "--confidential",
    ];
    done(&[&["add-client", "--directory", &real][..], &demo].concat());
    let before = done(&["list-clients", "--directory", &real, "--json"]);

    let (_reserved, numbers) = ports();
    let [port, ops_port] = numbers.map(|port| port.to_string());
    let dev = |file: &str| {
        let mut command = idp(&["--dev", "--port", &port, "--ops-port", &ops_port, "--demo-port", "0"]);
        command.args(["--directory", file]);
        command
    };
    let ended = dev(&real).output().expect("it starts");
    let err = String::from_utf8_lossy(&ended.stderr);
    assert_eq!(ended.status.code(), Some(1), "{err}");
    assert!(
        err.contains("was not made by --dev") && err.contains("another file"),
        "{err}"
    );
    assert_eq!(done(&["list-clients", "--directory", &real, "--json"]), before);
    assert_eq!(done(&["list-users", "--directory", &real]), "", "no demo person");

    let for_dev = folder.file("dev.sqlite");
    {
        let mut server = Server::start(dev(&for_dev));
        server.wait_for_port(numbers[0]);
    }
    assert!(done(&["list-users", "--directory", &for_dev]).contains("ann@example.com"));
    let ended = replica("idp-a", &for_dev, numbers).output().expect("it starts");
    let err = String::from_utf8_lossy(&ended.stderr);
    assert_eq!(ended.status.code(), Some(1), "{err}");
    assert!(err.contains("was made by --dev"), "{err}");

    // What a developer changed stays.
    done(&[
        "change-user",
        "--directory",
        &for_dev,
        "--address",
        "ann@example.com",
        "--name",
        "Anne",
    ]);
    let mut server = Server::start(dev(&for_dev));
    server.wait_for_port(numbers[0]);
    assert!(done(&["list-users", "--directory", &for_dev]).ends_with("Anne\n"));
}
