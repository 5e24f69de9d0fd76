//! A small program with all its mutants in one build: each switch does what its text says, and only then.

use mutants::{
    discover::discover,
    operator::Operator,
    render::render,
    site::{Mutant, name},
    switch,
};
use std::{collections::BTreeSet, fs, path::Path, process::Command};

const PROGRAM: &str = r#"
fn admits(count: u64, limit: u64) -> bool {
    count <= limit && limit > 0
}

fn word(number: u64) -> &'static str {
    match number {
        0 => "none",
        n if n > 2 => "many",
        _ => "some",
    }
}

struct Ledger {
    spent: Vec<String>,
}

impl Ledger {
    fn spend(&mut self, code: &str, owner: &str) -> bool {
        let name = [code, owner].join(":");
        if self.spent.contains(&name) {
            return false;
        }
        self.spent.push(name);
        true
    }
}

fn main() {
    let mut ledger = Ledger { spent: vec![] };
    println!("{} {} {}", admits(3, 3), admits(4, 3), admits(0, 0));
    println!("{} {} {}", word(0), word(2), word(9));
    println!("{} {} {}", ledger.spend("a", "x"), ledger.spend("a", "x"), ledger.spend("a", "y"));
}
"#;
const AS_IT_IS: &str = "true false false\nnone some many\ntrue false true\n";

fn compile(folder: &Path, mutants: &[Mutant]) -> String {
    let source = folder.join("main.rs");
    let text = format!(
        "#![allow(warnings)]{}\nmod mutant_switch;\n",
        render(PROGRAM, mutants).text
    );
    fs::write(&source, text).expect("the folder is ours");
    fs::write(folder.join("mutant_switch.rs"), include_str!("../src/switch.rs")).expect("the folder is ours");
    let built = Command::new("rustc")
        .args(["--edition", "2024", "--error-format=short", "-o"])
        .arg(folder.join("program"))
        .arg(&source)
        .output()
        .expect("there is a compiler");
    String::from_utf8_lossy(&built.stderr).into_owned()
}

fn run(folder: &Path, switch: &str) -> String {
    let ran = Command::new(folder.join("program"))
        .env(switch::VARIABLE, switch)
        .output()
        .expect("it was built");
    String::from_utf8_lossy(&ran.stdout).into_owned()
}

#[test]
fn each_switch_makes_its_mistake_and_no_other() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("fixture");
    fs::create_dir_all(&folder).expect("the folder is ours");
    // Those that are about types are for the compiler to refuse: the copy of the workspace does that with cargo.
    let found = discover(PROGRAM).expect("it is Rust").into_iter();
    let found = found.filter(|found| !matches!(found.operator, Operator::Link | Operator::Field));
    let mutants = name("core/src/main.rs", PROGRAM, found.collect(), 0);
    let errors = compile(&folder, &mutants);
    assert!(errors.is_empty(), "{errors}");
    assert_eq!(run(&folder, ""), AS_IT_IS, "no switch is on");

    let of = |replacement: &str| {
        let found = mutants.iter().find(|mutant| mutant.replacement == replacement);
        let number = found
            .unwrap_or_else(|| panic!("there is a mutant {replacement}"))
            .number;
        run(&folder, &number.to_string())
    };
    let with = |from: &str, to: &str| AS_IT_IS.replace(from, to);
    assert_eq!(
        of("count < limit"),
        with("true false false\nn", "false false false\nn"),
        "one too few"
    );
    assert_eq!(
        of("count <= limit"),
        with("false\nnone", "true\nnone"),
        "a conjunct left out"
    );
    assert_eq!(
        of("return true;"),
        with("true false false\nn", "true true true\nn"),
        "a constant"
    );
    assert_eq!(of("\"many\""), with("none", "many"), "another arm");
    assert_eq!(
        of("[code, code]"),
        with("true false true", "true false false"),
        "a part of what is kept"
    );
    let dropped = mutants
        .iter()
        .find(|mutant| mutant.operator == Operator::Statement && mutant.original.contains("push"));
    let dropped = dropped.expect("the push may be left out").number.to_string();
    assert_eq!(
        run(&folder, &dropped),
        with("true false true", "true true true"),
        "a statement"
    );

    let mut seen = BTreeSet::new();
    for mutant in &mutants {
        let output = run(&folder, &mutant.number.to_string());
        let is_same = output == AS_IT_IS;
        assert!(
            is_same || mutant.operator != Operator::Harmless,
            "{} is no harmless change",
            mutant.title()
        );
        seen.insert(output);
    }
    assert!(seen.len() >= 10, "the mistakes differ: {seen:?}");
}
