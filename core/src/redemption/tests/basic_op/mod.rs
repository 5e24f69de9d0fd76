//! The modules of the OpenID Foundation's Basic OP plan, each as a test of our own: what a client that knows only the
//! standards asks for, and what it must get. The page `core/BASIC-OP.md` lists them, and a test compares the two.
//!
//! Each module has a twin: two people at two replicas go through it at the same time.

mod client;
mod modules;

use client::Client;
use modules::{clients, people, requests, tokens};

macro_rules! plan {
    ($($name:ident: $module:path;)*) => {
        $(
            mod $name {
                use super::*;

                #[tokio::test(start_paused = true)]
                async fn alone() {
                    $module(&mut Client::new(0, "ann@example.com").await).await;
                }

                #[tokio::test(start_paused = true)]
                async fn two_at_two_replicas() {
                    let mut ann = Client::new(0, "ann@example.com").await;
                    let mut bob = ann.another(1, "bob@example.com");
                    tokio::join!($module(&mut ann), $module(&mut bob));
                }
            }
        )*

        const TESTS: &[&str] = &[$(stringify!($name)),*];
    };
}

plan! {
    server: tokens::server;
    response_type_missing: requests::response_type_missing;
    idtoken_signature: tokens::signature;
    idtoken_unsigned: tokens::unsigned;
    userinfo_get: tokens::userinfo_get;
    userinfo_post_header: tokens::userinfo_post_header;
    userinfo_post_body: tokens::userinfo_post_body;
    ensure_request_without_nonce_succeeds: tokens::without_nonce;
    scope_profile: tokens::scope_profile;
    scope_email: tokens::scope_email;
    scope_address: tokens::scope_address;
    scope_phone: tokens::scope_phone;
    scope_all: tokens::scope_all;
    ensure_other_scope_order_succeeds: tokens::other_scope_order;
    display_page: requests::display_page;
    display_popup: requests::display_popup;
    prompt_login: people::prompt_login;
    prompt_none_not_logged_in: people::prompt_none_not_logged_in;
    prompt_none_logged_in: people::prompt_none_logged_in;
    max_age_1: people::max_age_1;
    max_age_10000: people::max_age_10000;
    ensure_request_with_unknown_parameter_succeeds: requests::unknown_parameter;
    id_token_hint: people::id_token_hint;
    login_hint: requests::login_hint;
    ui_locales: requests::ui_locales;
    claims_locales: requests::claims_locales;
    ensure_request_with_acr_values_succeeds: requests::acr_values;
    codereuse: clients::code_reuse;
    codereuse_30seconds: clients::code_reuse_after_30_seconds;
    ensure_registered_redirect_uri: clients::registered_redirect_uri;
    ensure_post_request_succeeds: requests::post_request;
    server_client_secret_post: clients::client_secret_post;
    request_uri_unsigned: requests::request_uri;
    unsigned_request_object: requests::request_object;
    claims_essential: requests::claims_essential;
    ensure_request_object_with_redirect_uri: requests::request_object_with_redirect_uri;
    refresh_token: clients::refresh_token;
    ensure_request_with_valid_pkce_succeeds: clients::valid_pkce;
}

#[test]
fn the_page_lists_what_is_tested() {
    let page = include_str!("../../../../BASIC-OP.md");
    let rows = page
        .lines()
        .filter_map(|line| line.strip_prefix("| `oidcc-"))
        .map(|row| row.split('`').next().unwrap_or_default().replace('-', "_"));
    let listed: Vec<String> = rows.collect();
    assert_eq!(listed, TESTS);
    assert_eq!(TESTS.len(), 38);
}
