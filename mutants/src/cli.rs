//! The command line.

mod run;

use crate::{
    copy::{Catalogue, Folders, Sources, build},
    known::Known,
    matters,
    report::{Measurement, markdown},
    results,
    sample::Shard,
    site::Mutant,
    trouble::{About, Trouble},
};
use clap::{Args, Parser, Subcommand};
use std::{fs, path::PathBuf, process::ExitCode};

/// Measures the judge: makes mistakes in the login service by rule, and says which of them the simulation detects.
#[derive(Debug, Parser)]
#[command(name = "squall-mutants", bin_name = "cargo mutate")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Lists all mutants: identifier, place, function, rule, what it does
    List,
    /// Shows one mutant as a difference, and what the compiler says of it
    Show {
        /// Its identifier
        id: String,
    },
    /// Builds the mutated copy, with all mutants in it, under target/mutants
    Build,
    /// Judges a sample, all, or one mutant; goes on where it was interrupted
    Run(Box<RunArgs>),
    /// Writes the page of what was judged
    Report(ReportArgs),
}

#[derive(Debug, Args)]
struct RunArgs {
    /// Judge so many, from each folder in proportion [default: all]
    #[arg(long, value_name = "N")]
    sample: Option<usize>,
    /// Which sample
    #[arg(long, value_name = "S", default_value_t = 1)]
    seed: u64,
    /// So many changes that change nothing are judged with it
    #[arg(long, value_name = "N", default_value_t = 50)]
    harmless: usize,
    /// Only mutants that touch this matter of security, as the report names them, or "any of them"; may be given more than
    /// once
    #[arg(long, value_name = "NAME", conflicts_with = "mutant", value_parser = matters::names_or_any())]
    matter: Vec<String>,
    /// Only this part of it: the first of four is 1/4
    #[arg(long, value_name = "I/N")]
    shard: Option<Shard>,
    /// Only this mutant, and print the line that replays its detection; may be given more than once
    #[arg(long, value_name = "ID", conflicts_with_all = ["sample", "shard"])]
    mutant: Vec<String>,
    /// Processor time for each mutant, seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 60.0)]
    budget: f64,
    /// A run that has not ended after so many real seconds is given up
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    run_limit: u64,
    /// So many seeds of every scenario are drawn from; those that reach a mutant are performed
    #[arg(long, value_name = "N", default_value_t = 40)]
    seeds: u64,
    /// Leave out this property or scenario: how much is it worth? May be given more than once
    #[arg(long, value_name = "NAME")]
    without: Vec<String>,
    /// With --without: the results of the same sample with everything; only what was detected by what is left out is judged
    /// again
    #[arg(long, value_name = "DIR", requires = "without")]
    from: Option<PathBuf>,
    /// Processes at once
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(1..=256))]
    jobs: usize,
    /// Where results are kept; what is there is not judged again
    #[arg(long, value_name = "DIR", default_value = "target/mutants/results")]
    out: PathBuf,
}

#[derive(Debug, Args)]
struct ReportArgs {
    /// Folders with results: those of all shards
    #[arg(value_name = "DIR", default_value = "target/mutants/results")]
    folders: Vec<PathBuf>,
    /// Write the page to this file [default: standard output]
    #[arg(long, value_name = "FILE")]
    markdown: Option<PathBuf>,
    /// Write every mutant that was judged to this file, as JSON
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// What the page says was typed
    #[arg(long, value_name = "LINE", default_value = "cargo mutate run")]
    command: String,
}

/// Runs what was typed. 0: done; 1: somebody objected to a harmless change, or more than a tenth is called equivalent; 2: it
/// could not be done.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let done = match cli.command {
        Command::List => list(),
        Command::Show { id } => show(&id),
        Command::Build => built().map(|_| true),
        Command::Run(args) => run::run(&args),
        Command::Report(args) => report(&args),
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(trouble) => {
            eprintln!("squall-mutants: {trouble}");
            ExitCode::from(2)
        }
    }
}

fn folders() -> Result<Folders, Trouble> {
    let package = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    match package.parent() {
        Some(root) if root.join("core/src").is_dir() => Ok(Folders::of(root.to_owned())),
        _ => Err(Trouble::Said(format!(
            "the repository that this was built in is not there any more: {}",
            package.display()
        ))),
    }
}

fn built() -> Result<(Folders, Catalogue), Trouble> {
    let folders = folders()?;
    let catalogue = build(&folders, |text| eprintln!("squall-mutants: {text}"))?;
    Ok((folders, catalogue))
}

/// The mutants as built last, with what the compiler said of them; if the sources have changed, as found.
fn catalogue(folders: &Folders) -> Result<Catalogue, Trouble> {
    let found = Sources::read(&folders.root)?.catalogue;
    match folders.read_catalogue() {
        Ok(there) if there.key == found.key => Ok(there),
        _ => Ok(found),
    }
}

fn describe(mutant: &Mutant) -> String {
    let (id, place) = (&mutant.id, mutant.place());
    let (function, rule, title) = (&mutant.function, mutant.operator, mutant.title());
    format!("{id} {place} {function}, {rule}: {title}")
}

fn list() -> Result<bool, Trouble> {
    let catalogue = catalogue(&folders()?)?;
    eprintln!(
        "squall-mutants: {} mutants of sources {}",
        catalogue.mutants.len(),
        catalogue.key
    );
    let mut text = String::new();
    for mutant in &catalogue.mutants {
        text.push_str(&describe(mutant));
        if mutant.dropped.is_some() {
            text.push_str(" (refused by the compiler)");
        }
        text.push('\n');
    }
    say(&text);
    Ok(true)
}

fn show(id: &str) -> Result<bool, Trouble> {
    let folders = folders()?;
    let catalogue = catalogue(&folders)?;
    let mutant = catalogue.find(id)?;
    let path = folders.root.join(&mutant.file);
    let text = fs::read_to_string(&path).about(&path)?;
    let mut shown = format!("{}\nmatters: {}\n", describe(mutant), matters::of(mutant).join(", "));
    if let Some(dropped) = &mutant.dropped {
        shown.push_str(&format!("refused by the compiler: {dropped}\n"));
    }
    shown.push_str(&crate::render::difference(&text, mutant));
    say(&shown);
    Ok(true)
}

fn report(args: &ReportArgs) -> Result<bool, Trouble> {
    let folders = folders()?;
    // That of the results, which may be of other sources than those that are here now.
    let catalogue = Catalogue::read(&args.folders[0])?;
    let judged = results::read(&args.folders, &catalogue)?;
    let known = Known::read(&folders.root.join("mutants"), &catalogue)?;
    let measured = Measurement {
        catalogue: &catalogue,
        known: &known,
        judged: &judged,
        command: args.command.clone(),
    };
    if let Some(path) = &args.json {
        let all: Vec<_> = (catalogue.mutants.iter())
            .filter_map(|mutant| {
                let judged = judged.get(&mutant.id)?;
                let mut line = serde_json::to_value(mutant).ok()?;
                line["folder"] = mutant.folder().into();
                line["matters"] = matters::of(mutant).into();
                line["judged"] = serde_json::to_value(judged).ok()?;
                Some(line)
            })
            .collect();
        fs::write(path, serde_json::to_vec_pretty(&all).expect("plain data")).about(path)?;
    }
    let page = markdown(&measured);
    match &args.markdown {
        Some(path) => fs::write(path, page).about(path)?,
        None => say(&page),
    }
    Ok(measured.false_alarms().is_empty() && !measured.is_excused_too_often())
}

/// Prints to standard output. A reader that has closed its end is no error.
fn say(text: &str) {
    use std::io::Write;
    let _ = writeln!(std::io::stdout(), "{}", text.trim_end());
}
