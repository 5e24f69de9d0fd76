//! GUIDE.md and README.md say what is so: code is a verbatim part of this package, and output is what the command prints.

use std::{fs, path::Path, process::Command};

const PACKAGE: &str = env!("CARGO_MANIFEST_DIR");

/// The fenced blocks of a document in a language, each with the line at which it begins.
fn blocks(document: &str, language: &str) -> Vec<(usize, String)> {
    let path = Path::new(PACKAGE).join("../..").join(document);
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut blocks: Vec<(usize, String)> = vec![];
    let mut open = None;
    for (index, line) in text.lines().enumerate() {
        match (line.strip_prefix("```"), open) {
            (Some(found), None) => {
                open = Some(found == language);
                if open == Some(true) {
                    blocks.push((index + 1, String::new()));
                }
            }
            (Some(_), Some(_)) => open = None,
            (None, Some(true)) => {
                let (_, block) = blocks.last_mut().expect("it is open");
                *block += &format!("{line}\n");
            }
            (None, _) => {}
        }
    }
    blocks
}

/// Runs a line that begins with `cargo run -p seats --`, and returns what it prints.
fn run(command: &str) -> String {
    let args = command
        .strip_prefix("cargo run -p seats -- ")
        .expect("a command of the example");
    let output = Command::new(env!("CARGO_BIN_EXE_seats"))
        .args(args.split_whitespace())
        .current_dir(env!("CARGO_TARGET_TMPDIR"))
        .output()
        .expect("the binary runs");
    String::from_utf8([output.stdout, output.stderr].concat()).expect("text")
}

#[test]
fn code_is_a_verbatim_part_of_the_example() {
    let files = fs::read_dir(Path::new(PACKAGE).join("src")).expect("the sources");
    let sources = files.map(|file| fs::read_to_string(file.expect("a file").path()).expect("text"));
    let sources: Vec<String> = sources.collect();
    let mut count = 0;
    for document in ["GUIDE.md", "README.md"] {
        for (line, block) in blocks(document, "rust") {
            let found = sources.iter().any(|source| source.contains(&block));
            assert!(found, "{document}:{line} is in no file of the example:\n{block}");
            count += 1;
        }
    }
    assert!(count > 15, "{count} blocks");
}

/// `…` stands for any lines. A line may be the beginning or a part of what is printed.
#[test]
fn output_is_what_the_command_prints() {
    for document in ["GUIDE.md", "README.md"] {
        for (line, block) in blocks(document, "console") {
            let mut lines = block.lines();
            let command = lines
                .next()
                .and_then(|line| line.strip_prefix("$ "))
                .expect("a command");
            let printed = run(command);
            // Of a replay that shrinks, the small plan's story comes last.
            let printed = match printed.rfind("\nPlanted bug ") {
                Some(last) if command.contains("--shrink") => &printed[last..],
                _ => &printed,
            };
            let mut rest: Vec<&str> = printed.lines().collect();
            let mut skips = false;
            for expected in lines {
                if expected == "…" {
                    skips = true;
                    continue;
                }
                // CPU times differ from run to run.
                let words = |line: &str| -> Vec<String> {
                    let words = line
                        .split_whitespace()
                        .filter(|word| word.parse::<f64>().is_err() || !word.contains('.'));
                    words.map(str::to_owned).collect()
                };
                let same = |found: &&str| found.contains(expected) || words(found) == words(expected);
                let at = rest.iter().position(same);
                let at = at.filter(|at| skips || *at == 0);
                let at = at.unwrap_or_else(|| panic!("{document}:{line} says {expected:?}, and there is:\n{printed}"));
                (rest, skips) = (rest.split_off(at + 1), false);
            }
        }
    }
}

#[test]
fn the_small_plan_fails_with_the_planted_bug_and_holds_without_it() {
    let plans = blocks("GUIDE.md", "toml");
    let [(_, plan)] = plans.as_slice() else {
        panic!("one plan, not {}", plans.len());
    };
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("guide.toml");
    fs::write(&file, plan).expect("it can be written");
    let replay = format!("cargo run -p seats -- replay {}", file.display());
    assert!(run(&replay).contains("VIOLATED  SeatSoldOnce"));
    assert!(run(&format!("{replay} --without-bug")).contains("HELD"));
}
