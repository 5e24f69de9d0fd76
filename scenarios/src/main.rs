//! `squall`: explore, replay, list, teeth, bench.

mod command;

fn main() -> std::process::ExitCode {
    command::run()
}
