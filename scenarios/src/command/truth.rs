//! `squall truth`: the models against the real programs.

use super::{Conclusion, Trouble, fresh, say, table};
use clap::Args as ClapArgs;
use indicatif::{ProgressBar, ProgressStyle};
use scenarios::truth::{Agreement, RealRedis, random, vectors};
use std::{ops::ControlFlow, path::PathBuf};

/// What `truth` may be told.
#[derive(Debug, ClapArgs)]
pub(crate) struct Args {
    /// About how many random commands to put to both
    #[arg(long, value_name = "N", default_value_t = 20_000)]
    commands: u64,
    /// From which the commands are drawn [default: a fresh one, which is printed]
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// For machines: write what was found to this file
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

/// One comparison in the table.
#[derive(serde::Serialize)]
struct Row {
    what: &'static str,
    #[serde(flatten)]
    agreement: Agreement,
}

/// Compares, and says where they differ.
pub(crate) fn run(args: &Args) -> Result<Conclusion, Trouble> {
    if let Some(file) = &args.json {
        super::must_be_writable("--json", file)?;
    }
    let seed = args.seed.unwrap_or_else(fresh::seed);
    let mut rows = vec![Row {
        what: "golden replies, to redis-server and to the model",
        agreement: vectors::compare()?,
    }];
    for (what, stream, share) in [
        ("random commands on three connections", false, 4),
        ("the same, and what a replica is sent", true, 1),
    ] {
        let options = random::Options {
            seed,
            commands: args.commands * share / 5,
            stream,
        };
        rows.push(Row {
            what,
            agreement: compare(what, &options)?,
        });
    }
    let mut table = table::new(&table::look(), &["comparison", ">answers compared", ">differences"]);
    for row in &rows {
        table.add_row([
            row.what.to_owned(),
            table::thousands(row.agreement.compared),
            row.agreement.differences.len().to_string(),
        ]);
    }
    say(table);
    for row in &rows {
        for difference in &row.agreement.differences {
            say(format!("\n{}\n{difference}", row.what));
        }
    }
    say(format!("The commands are those of --seed {seed}."));
    if let Some(file) = &args.json {
        let report = serde_json::json!({ "version": 1, "seed": seed, "comparisons": rows });
        std::fs::write(file, format!("{report:#}\n"))
            .map_err(|error| Trouble(format!("--json: cannot write {}: {error}", file.display())))?;
    }
    match rows.iter().all(|row| row.agreement.differences.is_empty()) {
        true => Ok(Conclusion::Held),
        false => Ok(Conclusion::Violated),
    }
}

fn compare(what: &'static str, options: &random::Options) -> Result<Agreement, Trouble> {
    // The dataset goes to a replica at once, not after the five seconds in which others might ask for it.
    let real = RealRedis::start(&["--repl-diskless-sync", "no"])?;
    let bar = ProgressBar::new(options.commands);
    let style = ProgressStyle::with_template("{bar:32} {pos}/{len} answers  {msg}");
    bar.set_style(style.expect("the template is a constant"));
    bar.set_message(what);
    let agreement = random::compare(real.port(), options, |compared| {
        bar.set_position(compared);
        match super::interrupt::asked() {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    })?;
    bar.finish_and_clear();
    Ok(agreement)
}
