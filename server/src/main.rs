//! The login service for real: one replica.

use clap::Parser;
use server::{Options, StartFailure, program};
use std::process::ExitCode;

/// Like clap's: the command line is wrong.
const USAGE: u8 = 2;
/// A command was interrupted, or its commit was: it may have been done.
const UNKNOWN: u8 = 3;
/// As of a process that SIGINT has ended.
const INTERRUPTED: u8 = 130;

fn main() -> ExitCode {
    match program(Options::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("idp: {failure}");
            match failure {
                StartFailure::Argument(_) => USAGE.into(),
                StartFailure::Unknown(_) => UNKNOWN.into(),
                StartFailure::Interrupted => INTERRUPTED.into(),
                _ => ExitCode::FAILURE,
            }
        }
    }
}
