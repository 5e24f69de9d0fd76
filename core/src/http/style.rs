//! Style of the pages, and the few lines of script, which are not essential. Both are inline,
//! and the content security policy admits them by their hash and nothing else.

use base64::{Engine, engine::general_purpose::STANDARD};
use http::HeaderValue;
use sha2::{Digest, Sha256};
use std::sync::LazyLock;

pub(super) const STYLE: &str = "\
:root{color-scheme:light dark;--ground:#eef1f6;--card:#fff;--ink:#18202c;--soft:#5a6678;--line:#c9d1dd;--accent:#1f56c4;\
--on-accent:#fff;--bad:#a3201d;--bad-ground:#fdeceb}\
@media(prefers-color-scheme:dark){:root{--ground:#10141b;--card:#1a202a;--ink:#e8ecf2;--soft:#9aa7b8;--line:#3a4454;\
--accent:#8ab4ff;--on-accent:#0c1524;--bad:#ffb4ad;--bad-ground:#3a1d1c}}\
*{box-sizing:border-box}\
body{margin:0;min-height:100vh;display:grid;place-items:center;padding:1rem;background:var(--ground);color:var(--ink);\
font:1rem/1.5 system-ui,-apple-system,'Segoe UI',Roboto,sans-serif}\
main{width:100%;max-width:25rem;padding:2rem;background:var(--card);border:1px solid var(--line);border-radius:.9rem;\
box-shadow:0 .5rem 2rem rgb(0 0 0/.08)}\
h1{margin:0 0 .5rem;font-size:1.45rem;line-height:1.25;letter-spacing:-.01em}\
p{margin:.5rem 0}form{margin:1.25rem 0 0}\
label{display:block;margin-bottom:.35rem;font-weight:600}\
input{width:100%;padding:.7rem .8rem;font:inherit;color:inherit;background:transparent;border:1px solid var(--line);\
border-radius:.5rem}\
input.code{font-size:1.6rem;letter-spacing:.3em;text-align:center;font-variant-numeric:tabular-nums}\
button{width:100%;margin-top:1rem;padding:.75rem 1rem;font:inherit;font-weight:600;color:var(--on-accent);\
background:var(--accent);border:1px solid var(--accent);border-radius:.5rem;cursor:pointer}\
button.plain{color:var(--accent);background:transparent}\
button:disabled{opacity:.65;cursor:progress}\
:focus-visible{outline:3px solid var(--accent);outline-offset:2px}\
a{color:var(--accent)}.soft{color:var(--soft);font-size:.9rem}\
.notice{margin:1rem 0;padding:.7rem .9rem;color:var(--bad);background:var(--bad-ground);border-radius:.5rem}\
dl{display:grid;grid-template-columns:auto 1fr;gap:.35rem 1rem;margin:1rem 0}dt{color:var(--soft)}dd{margin:0;\
overflow-wrap:anywhere}code{font:.85em ui-monospace,Menlo,Consolas,monospace}\
@media(max-width:26rem){main{padding:1.4rem}}";

/// A pressed button says so at once and cannot be pressed again (inventory 2). The server does not
/// rely on it: it counts presses too (inventory 3).
pub(super) const SCRIPT: &str = "\
for(const form of document.forms)form.addEventListener('submit',event=>{\
if(form.dataset.busy){event.preventDefault();return}\
form.dataset.busy='yes';\
const button=form.querySelector('button');\
button.dataset.idle=button.textContent;button.textContent=button.dataset.busy;button.disabled=true});\
addEventListener('pageshow',event=>{if(event.persisted)for(const form of document.forms){\
delete form.dataset.busy;\
const button=form.querySelector('button');\
if(button.dataset.idle){button.textContent=button.dataset.idle;button.disabled=false}}});";

/// The policy of every page. Without `form-action`: browsers apply it to all redirects after a form (CSP level 3 section
/// 6.4.1), those of the client as well, which nobody here knows. A form cannot be smuggled in, for nothing is written unescaped.
pub(super) static POLICY: LazyLock<HeaderValue> = LazyLock::new(|| {
    let hash = |text: &str| format!("'sha256-{}'", STANDARD.encode(Sha256::digest(text.as_bytes())));
    let (style, script) = (hash(STYLE), hash(SCRIPT));
    let policy = format!(
        "default-src 'none'; style-src {style}; script-src {script}; img-src data:; frame-ancestors 'none'; base-uri 'none'"
    );
    HeaderValue::from_str(&policy).expect("hashes are ASCII")
});
