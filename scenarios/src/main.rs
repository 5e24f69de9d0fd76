//! `squall`: the command line of the login service's suite.

mod conformance;
mod real_specification;
mod serve;
mod specification;

use clap::Command;
use std::process::ExitCode;

// A run is short and allocates all the time: glibc's allocator takes an eighth of its time.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let compare = "Compares the models, and the login service on them, with the real programs";
    let specification =
        "Says how exactly the specification predicts: how many answers were allowed, and why more than one";
    let redis = "Serves the simulated Redis over real TCP, for any client";
    let sentinel = "Serves the simulated Sentinel over real TCP";
    let service = "The login service for real, as the program idp is: specification --on starts it so";
    scenarios::suite()
        .subcommand(Command::new("conformance").about(compare), conformance::run)
        .subcommand(Command::new("specification").about(specification), specification::run)
        .subcommand(Command::new("redis").about(redis), serve::redis)
        .subcommand(Command::new("sentinel").about(sentinel), serve::sentinel)
        .subcommand(Command::new("idp").about(service).hide(true), serve::service)
        .main()
}
