//! Commands for clients.

use crate::{
    directory, is_secret, parsed,
    support::{Folder, done, refused},
};
use serde_json::json;

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
                ID tokens     RS256\nredirect URI  https://app.example/cb\nredirect URI  com.example.app:/cb\n";
    assert_eq!(out, says);
    let public = json!({
        "client_id": "app", "client_name": "App", "token_endpoint_auth_method": "none",
        "redirect_uris": ["https://app.example/cb", "com.example.app:/cb"], "id_token_signed_response_alg": "RS256",
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
        "--id-token-signed-response-alg",
        "es256",
    ];
    let changed = json_of("change-client", &change);
    let says = json!({
        "client_id": "web", "client_name": "Web 2", "token_endpoint_auth_method": "client_secret_basic",
        "redirect_uris": ["https://web.example/2"], "id_token_signed_response_alg": "ES256",
    });
    assert_eq!(changed, says, "the secret stays, and is not shown");
    let kept = json_of("change-client", &["--id", "web", "--confidential"]);
    assert_eq!(kept, says, "one that has a secret keeps it");
    let none = [
        "change-client",
        at[0],
        at[1],
        "--id",
        "web",
        "--id-token-signed-response-alg",
        "none",
    ];
    assert!(
        refused(2, &none).contains("[possible values: RS256, ES256]"),
        "signed, or no token"
    );
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
