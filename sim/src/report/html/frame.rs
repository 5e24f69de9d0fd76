//! The document around a page: head, style, script, and the switch between light and dark.

use maud::{DOCTYPE, Markup, PreEscaped, html};

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");
/// The content security policy of a page: nothing may be fetched, whatever the page contains.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:; \
                      base-uri 'none'; form-action 'none'";

/// A whole document.
pub(super) fn page(title: &str, body: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(POLICY);
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) " - Squall" }
                style { (PreEscaped(STYLE)) }
            }
            body {
                main { (body) }
                script { (PreEscaped(SCRIPT)) }
            }
        }
    }
}

/// The button that switches between light and dark. Without JavaScript the system's setting decides.
pub(super) fn theme_switch() -> Markup {
    html! {
        button type="button" class="js theme" data-theme-switch aria-label="Switch between light and dark" { "◐" }
    }
}

/// A command line to paste, with a button that copies it.
pub(super) fn to_paste(line: &str) -> Markup {
    html! {
        div class="paste" {
            code { (line) }
            button type="button" class="js" data-copy=(line) { "Copy" }
        }
    }
}

/// A link that shows a time on the timeline.
pub(super) fn moment(at_ms: u64) -> Markup {
    html! { a class="at" href=(format!("#t={at_ms}")) { (super::super::seconds(at_ms)) } }
}
