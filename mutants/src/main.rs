//! `squall-mutants`: the command line of the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    mutants::cli::main()
}
