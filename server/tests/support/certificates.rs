//! Programs that tests need, and certificates that openssl makes for this machine.

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
};

/// Whether the programs are installed. In CI they must be.
pub(crate) fn are_installed(programs: &[&str]) -> bool {
    let missing = programs.iter().find(|program| {
        let started = Command::new(program)
            .arg("--help")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        started.is_err()
    });
    if let Some(missing) = missing {
        assert!(std::env::var_os("CI").is_none(), "{missing} is not installed");
        eprintln!("left out: {missing} is not installed");
    }
    missing.is_none()
}

fn openssl(folder: &Path, args: &str) {
    let output = Command::new("openssl")
        .current_dir(folder)
        .args(args.split(' '))
        .output();
    let output = output.expect("openssl starts");
    assert!(
        output.status.success(),
        "{args}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
}

/// An authority (`ca.pem`) and a certificate of it for this machine (`cert.pem`, `key.pem`).
pub(crate) fn certify(folder: &Path) {
    let key = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes";
    openssl(
        folder,
        &format!("req -x509 {key} -keyout ca.key -out ca.pem -subj /CN=authority -days 2"),
    );
    openssl(
        folder,
        &format!("req {key} -keyout key.pem -out leaf.csr -subj /CN=server"),
    );
    fs::write(
        folder.join("ext"),
        "subjectAltName=IP:127.0.0.1\nbasicConstraints=CA:FALSE\n",
    )
    .expect("a file");
    openssl(
        folder,
        "x509 -req -in leaf.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile ext -out cert.pem",
    );
}
