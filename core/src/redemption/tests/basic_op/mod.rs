//! The modules of the OpenID Foundation's Basic OP plan, each as a test of our own: what a client that knows only the
//! standards asks for, and what it must get. The page `core/BASIC-OP.md` lists them, and a test compares the two.
//!
//! Each module has a twin: two people at two replicas go through it at the same time.

mod client;
mod modules;

use client::Client;
use modules::{clients, people, requests, tokens};

macro_rules! plan {
    ($($name:ident, $twin:ident: $module:path;)*) => {
        $(
            #[tokio::test(start_paused = true)]
            async fn $name() {
                $module(&mut Client::new(0, "ann@example.com").await).await;
            }

            #[tokio::test(start_paused = true)]
            async fn $twin() {
                let mut ann = Client::new(0, "ann@example.com").await;
                let mut bob = ann.another(1, "bob@example.com");
                tokio::join!($module(&mut ann), $module(&mut bob));
            }
        )*

        const TESTS: &[&str] = &[$(stringify!($name)),*];
    };
}

plan! {
    server, server_twin: tokens::server;
    response_type_missing, response_type_missing_twin: requests::response_type_missing;
    idtoken_signature, idtoken_signature_twin: tokens::signature;
    idtoken_unsigned, idtoken_unsigned_twin: tokens::unsigned;
    userinfo_get, userinfo_get_twin: tokens::userinfo_get;
    userinfo_post_header, userinfo_post_header_twin: tokens::userinfo_post_header;
    userinfo_post_body, userinfo_post_body_twin: tokens::userinfo_post_body;
    ensure_request_without_nonce_succeeds, ensure_request_without_nonce_succeeds_twin: tokens::without_nonce;
    scope_profile, scope_profile_twin: tokens::scope_profile;
    scope_email, scope_email_twin: tokens::scope_email;
    scope_address, scope_address_twin: tokens::scope_address;
    scope_phone, scope_phone_twin: tokens::scope_phone;
    scope_all, scope_all_twin: tokens::scope_all;
    ensure_other_scope_order_succeeds, ensure_other_scope_order_succeeds_twin: tokens::other_scope_order;
    display_page, display_page_twin: requests::display_page;
    display_popup, display_popup_twin: requests::display_popup;
    prompt_login, prompt_login_twin: people::prompt_login;
    prompt_none_not_logged_in, prompt_none_not_logged_in_twin: people::prompt_none_not_logged_in;
    prompt_none_logged_in, prompt_none_logged_in_twin: people::prompt_none_logged_in;
    max_age_1, max_age_1_twin: people::max_age_1;
    max_age_10000, max_age_10000_twin: people::max_age_10000;
    ensure_request_with_unknown_parameter_succeeds, ensure_request_with_unknown_parameter_succeeds_twin:
        requests::unknown_parameter;
    id_token_hint, id_token_hint_twin: people::id_token_hint;
    login_hint, login_hint_twin: requests::login_hint;
    ui_locales, ui_locales_twin: requests::ui_locales;
    claims_locales, claims_locales_twin: requests::claims_locales;
    ensure_request_with_acr_values_succeeds, ensure_request_with_acr_values_succeeds_twin: requests::acr_values;
    codereuse, codereuse_twin: clients::code_reuse;
    codereuse_30seconds, codereuse_30seconds_twin: clients::code_reuse_after_30_seconds;
    ensure_registered_redirect_uri, ensure_registered_redirect_uri_twin: clients::registered_redirect_uri;
    ensure_post_request_succeeds, ensure_post_request_succeeds_twin: requests::post_request;
    server_client_secret_post, server_client_secret_post_twin: clients::client_secret_post;
    request_uri_unsigned, request_uri_unsigned_twin: requests::request_uri;
    unsigned_request_object, unsigned_request_object_twin: requests::request_object;
    claims_essential, claims_essential_twin: requests::claims_essential;
    ensure_request_object_with_redirect_uri, ensure_request_object_with_redirect_uri_twin:
        requests::request_object_with_redirect_uri;
    refresh_token, refresh_token_twin: clients::refresh_token;
    ensure_request_with_valid_pkce_succeeds, ensure_request_with_valid_pkce_succeeds_twin: clients::valid_pkce;
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
