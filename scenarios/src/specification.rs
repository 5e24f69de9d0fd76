//! `squall specification`: how exactly the specification predicts, so that everybody can see that it is no licence.

use crate::real_specification;
use clap::Args as ClapArgs;
use comfy_table::Cell;
use scenarios::real_stack::specification::Place;
use sim::{
    command::{Conclusion, Trouble, say, table},
    run::{Setup, perform},
};
use spec::Sizes;

/// Options of `specification`.
#[derive(Debug, ClapArgs)]
pub(crate) struct Args {
    /// How many seeds of each scenario, from 1 on
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=100_000))]
    seeds: u64,
    /// Only this scenario; may be given more than once [default: all]
    #[arg(long, value_name = "SCENARIO")]
    scenario: Vec<String>,
    /// Put it before the real service instead, over real sockets: `idp --dev`, or two replicas behind nginx with Redis and
    /// Sentinels. The adversary goes through all changes of all requests; about two minutes
    #[arg(long, value_name = "SERVICE", conflicts_with_all = ["seeds", "scenario"])]
    on: Option<On>,
    /// For machines
    #[arg(long)]
    json: bool,
}

/// A real service.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
pub(crate) enum On {
    /// `idp --dev`
    Dev,
    /// Two replicas behind nginx, with Redis and Sentinels
    Stack,
}

/// The shares of answers of which exactly one is allowed that the specification must keep, in per cent.
pub(crate) const EXACT_IN_CALM: f64 = 99.0;
const EXACT_IN_TROUBLE: f64 = 80.0;

/// Judges runs of every scenario and counts.
pub(crate) fn run(args: &Args) -> Result<Conclusion, Trouble> {
    if let Some(on) = args.on {
        let place = match on {
            On::Dev => Place::Dev,
            On::Stack => Place::Stack,
        };
        return real_specification::run(place, args.json);
    }
    let suite = scenarios::suite();
    let (mut calm, mut troubled, mut violations) = (Sizes::default(), Sizes::default(), 0);
    for name in &args.scenario {
        suite.find_scenario(name)?;
    }
    for scenario in suite.scenarios() {
        if !args.scenario.is_empty() && !args.scenario.iter().any(|name| name == scenario.name()) {
            continue;
        }
        let before = [&calm, &troubled].map(|sizes| (sizes.judged, sizes.exact));
        for seed in 1..=args.seeds {
            let plan = scenario.plan(seed);
            let run = perform(&plan, &Setup::default())?;
            let report = scenarios::exchange::judge(&plan, &run.history, &run.operators);
            calm.add(&report.calm);
            troubled.add(&report.troubled);
            violations += report.violations.len();
        }
        let [of_calm, of_troubled] = [&calm, &troubled].map(|sizes| (sizes.judged, sizes.exact));
        eprintln!(
            "{}: {} before anything breaks, {} from then on",
            scenario.name(),
            share(before[0], of_calm),
            share(before[1], of_troubled)
        );
    }
    let exact_enough = percent(&calm) >= EXACT_IN_CALM && percent(&troubled) >= EXACT_IN_TROUBLE;
    let conclusion = match (violations, exact_enough) {
        (0, true) => Conclusion::Held,
        (0, false) => Conclusion::Inconclusive,
        _ => Conclusion::Violated,
    };
    match args.json {
        true => say(format!("{:#}", json(&calm, &troubled, violations))),
        false => show(&calm, &troubled, violations),
    }
    Ok(conclusion)
}

pub(crate) fn percent(sizes: &Sizes) -> f64 {
    100.0 * sizes.exact as f64 / sizes.judged.max(1) as f64
}

/// How many answers came since, and of how many of them exactly one was allowed.
fn share(before: (u64, u64), now: (u64, u64)) -> String {
    let (judged, exact) = (now.0 - before.0, now.1 - before.1);
    match judged {
        0 => "no answers".into(),
        judged => format!(
            "{exact} of {judged} exact ({:.1} %)",
            100.0 * exact as f64 / judged as f64
        ),
    }
}

fn json(calm: &Sizes, troubled: &Sizes, violations: usize) -> serde_json::Value {
    let one = |sizes: &Sizes| {
        let widened: serde_json::Map<String, serde_json::Value> = sizes
            .widened
            .iter()
            .map(|(why, times)| (why.to_string(), (*times).into()))
            .collect();
        serde_json::json!({ "judged": sizes.judged, "exactly_one_allowed": sizes.exact, "widened": widened,
            "not_now_allowed": sizes.not_now.0, "not_now_said": sizes.not_now.1 })
    };
    serde_json::json!({ "version": 1, "violations": violations, "calm": one(calm), "troubled": one(troubled) })
}

fn show(calm: &Sizes, troubled: &Sizes, violations: usize) {
    let look = table::look();
    let mut shares = table::new(
        &look,
        &[
            "answers",
            ">judged",
            ">exactly one allowed",
            ">per cent",
            ">must be",
            ">\u{201c}not now\u{201d} allowed",
            ">said",
        ],
    );
    for (what, sizes, limit) in [
        ("before anything breaks", calm, EXACT_IN_CALM),
        ("from then on", troubled, EXACT_IN_TROUBLE),
    ] {
        shares.add_row([
            Cell::new(what),
            Cell::new(table::thousands(sizes.judged)),
            Cell::new(table::thousands(sizes.exact)),
            Cell::new(format!("{:.2}", percent(sizes))),
            Cell::new(format!("{limit}")),
            Cell::new(table::thousands(sizes.not_now.0)),
            Cell::new(table::thousands(sizes.not_now.1)),
        ]);
    }
    say(shares);
    let mut reasons = table::new(&look, &["why more than one was allowed", ">before", ">from then on"]);
    let mut all: Vec<_> = calm.widened.keys().chain(troubled.widened.keys()).collect();
    all.sort_unstable();
    all.dedup();
    for why in all {
        let times = |sizes: &Sizes| table::thousands(sizes.widened.get(why).copied().unwrap_or(0));
        reasons.add_row([Cell::new(why), Cell::new(times(calm)), Cell::new(times(troubled))]);
    }
    say(reasons);
    say(match violations {
        0 => "Every answer was allowed.".to_owned(),
        n => format!("{n} answers were not allowed: `squall explore` finds them."),
    });
}
