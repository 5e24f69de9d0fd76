//! What judges the mutants. Part of the mutated copy only. With `--runs` it performs the runs that it reads, a scenario and a
//! seed a line, and writes a line of JSON for each; else it is `squall` itself, so that a detection can be replayed.

use idp::mutant_switch::take_reached;
use serde_json::json;
use std::{
    fs,
    io::{self, BufRead, Write},
    panic::{AssertUnwindSafe, catch_unwind},
    process::ExitCode,
};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    if std::env::args().nth(1).as_deref() != Some("--runs") {
        return scenarios::suite().main();
    }
    let suite = scenarios::suite();
    if std::env::args().nth(2).as_deref() == Some("--list") {
        suite
            .scenarios()
            .iter()
            .for_each(|scenario| println!("{} {}", scenario.name(), scenario.whole_seeds()));
        return ExitCode::SUCCESS;
    }
    let mut out = io::stdout().lock();
    for line in io::stdin().lock().lines() {
        let line = line.expect("the runs are text");
        let (name, seed) = line.split_once(' ').expect("a scenario and a seed");
        let seed: u64 = seed.parse().expect("a seed is a number");
        let scenario = suite.find_scenario(name).expect("the scenario is known");
        let before = cpu_nanos();
        let judged = catch_unwind(AssertUnwindSafe(|| {
            sim::judge::judge(
                scenario,
                &scenario.plan(seed),
                None,
                &sim::judge::JudgeOptions::default(),
            )
        }));
        let cpu_ms = (cpu_nanos() - before) as f64 / 1e6;
        let mut said = json!({ "scenario": name, "seed": seed, "cpu_ms": cpu_ms, "reached": take_reached() });
        match judged {
            Ok(Ok(run)) => {
                said["fingerprint"] = json!(run.fingerprint.to_string());
                said["violations"] = json!(run.violations);
            }
            Ok(Err(error)) => said["error"] = json!(error.to_string()),
            Err(panic) => {
                let text = panic.downcast_ref::<String>().map(String::as_str);
                let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
                said["error"] = json!(format!("the harness panicked: {}", text.unwrap_or("without a message")));
            }
        }
        if writeln!(out, "{said}").and_then(|()| out.flush()).is_err() {
            break;
        }
    }
    ExitCode::SUCCESS
}

/// Processor time of this thread, as Linux counts it; nothing elsewhere.
fn cpu_nanos() -> u64 {
    let text = fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    text.split_whitespace()
        .next()
        .and_then(|nanos| nanos.parse().ok())
        .unwrap_or_default()
}
