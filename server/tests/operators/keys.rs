//! The command for keys.

use crate::{
    directory, parsed,
    support::{Folder, done, refused},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::json;
use std::fs;

/// Keys that were made for tests, and protect nothing.
const KEYS: [&[u8]; 2] = [
    include_bytes!("../../../core/src/testing/rsa/1.der"),
    include_bytes!("../../../core/src/testing/rsa/2.der"),
];

fn pem(folder: &Folder, name: &str, kind: &str, der: &[u8]) -> String {
    let encoded = STANDARD.encode(der);
    let lines: Vec<&str> = (0..encoded.len().div_ceil(64))
        .map(|n| &encoded[n * 64..encoded.len().min((n + 1) * 64)])
        .collect();
    let file = folder.file(name);
    let text = format!(
        "A comment\n-----BEGIN {kind}-----\n{}\n-----END {kind}-----\n",
        lines.join("\n")
    );
    fs::write(&file, text).expect("a file");
    file
}

#[test]
fn an_rsa_key_is_imported_once_and_never_replaced() {
    let folder = Folder::new("import");
    let file = directory(&folder);
    let [one, other] = [0, 1].map(|n| pem(&folder, &format!("{n}.pem"), "PRIVATE KEY", KEYS[n]));
    let import = |pem: &str| ["import-signing-key", "--directory", &file, "--pem", pem].map(str::to_owned);
    let run = |pem: &str| done(&import(pem).each_ref().map(String::as_str));
    let no = |code, pem: &str| refused(code, &import(pem).each_ref().map(String::as_str));

    let old = pem(&folder, "old.pem", "RSA PRIVATE KEY", KEYS[0]);
    assert!(no(2, &old).contains("openssl pkcs8 -topk8 -nocrypt"));
    let torn = pem(&folder, "torn.pem", "PRIVATE KEY", &KEYS[0][..100]);
    let said = no(2, &torn);
    assert!(
        said.contains("is not PKCS#8 of an RSA key of 2048 to 4096 bits"),
        "{said}"
    );
    assert!(
        !said.contains(&STANDARD.encode(&KEYS[0][..30])),
        "nothing of a key is shown"
    );
    assert!(no(2, &folder.file("nowhere.pem")).contains("No such file"));

    let first = run(&one);
    assert!(
        first.starts_with("key ") && first.ends_with(" signs ID tokens with RS256\n"),
        "{first}"
    );
    assert_eq!(run(&one), first, "the same key again changes nothing");
    let kid = first.split(' ').nth(1).expect("a name");
    let said = no(1, &other);
    assert!(said.contains(kid) && said.contains("keys cannot be replaced"), "{said}");
    let json = done(&[&import(&one).each_ref().map(String::as_str)[..], &["--json"]].concat());
    assert_eq!(parsed(&json), json!({ "kid": kid, "alg": "RS256" }));
}
