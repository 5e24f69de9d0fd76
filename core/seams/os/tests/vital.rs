//! A process ends with a task without which it is of no use, if that panics.

use std::{net::Ipv4Addr, process::Command};

/// Says to the test, started as a program of its own, which task it is to start.
const CHILD: &str = "SEAMS_OS_TASK";

#[test]
fn a_process_ends_if_its_vital_task_panics() {
    if let Ok(task) = std::env::var(CHILD) {
        return child(&task);
    }
    for (task, lives) in [("panics", false), ("ends", true), ("panics and is not vital", true)] {
        let program = std::env::current_exe().expect("a program");
        let output = Command::new(program)
            .args(["--exact", "a_process_ends_if_its_vital_task_panics", "--nocapture"])
            .env(CHILD, task)
            .output()
            .expect("it starts");
        let said = String::from_utf8_lossy(&output.stdout);
        assert_eq!(said.contains("still here"), lives, "{task}: {said}");
        assert_eq!(
            output.status.code(),
            Some(if lives { 0 } else { 101 }),
            "{task}: {said}"
        );
    }
}

fn child(task: &str) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .build()
        .expect("a runtime");
    let _entered = runtime.enter();
    let env = seams_os::env("test", Ipv4Addr::LOCALHOST.into());
    match task {
        "panics" => env.spawn_vital("test", async { panic!("on purpose") }),
        "ends" => env.spawn_vital("test", async {}),
        _ => env.spawn(async { panic!("on purpose") }),
    }
    seams_os::clock::sleep_ms(500);
    println!("still here");
}
