//! Stories as a person reads them, at pinned seeds: what `squall replay` prints.
//!
//! A snapshot that changes is read, not waved through: either the service behaves otherwise now, or
//! the story is told otherwise.

mod common;

fn story(name: &str, code: i32, args: &[&str]) {
    let output = common::squall(args);
    let text = String::from_utf8(output.stdout).expect("stories are text");
    assert_eq!(
        output.status.code(),
        Some(code),
        "{}\n{text}",
        String::from_utf8_lossy(&output.stderr)
    );
    // The build differs with every change of a source.
    let lines = text.lines().map(|line| match line.starts_with("Build ") {
        true => "Build …\n".to_owned(),
        false => format!("{line}\n"),
    });
    let text: String = lines.collect();
    common::settings().bind(|| insta::assert_snapshot!(name, text));
}

#[test]
fn a_calm_day() {
    story("story_calm_day", 0, &["replay", "calm_day", "--seed", "1"]);
}

#[test]
fn a_master_dies() {
    story(
        "story_failover_mid_redemption",
        0,
        &["replay", "failover_mid_redemption", "--seed", "1"],
    );
}

/// The one to show to a stranger: what went wrong, and where is the proof?
#[test]
fn a_code_is_redeemed_twice_without_the_ledger() {
    let bug = "redemption_without_ledger";
    story(
        "story_redemption_without_ledger",
        1,
        &["replay", "failover_mid_redemption", "--seed", "2", "--bug", bug],
    );
}
