//! Mailed codes, as people see them.

mod attempts;
mod failures;
mod known;
mod login;

const ANN: &str = "ann@example.com";

/// Another code than this one.
fn wrong(code: &str) -> &'static str {
    if code == "00000000" { "00000001" } else { "00000000" }
}
