//! The login service for real: one replica.

use clap::Parser;
use server::{Options, program};
use std::process::ExitCode;

fn main() -> ExitCode {
    match program(Options::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("idp: {failure}");
            ExitCode::FAILURE
        }
    }
}
