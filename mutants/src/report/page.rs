//! The page.

use super::Counts;
use crate::{
    copy::Catalogue,
    judge::{Judged, Missed, Verdict},
    known::Known,
    matters,
    operator::Operator,
    site::Mutant,
};
use std::{collections::BTreeMap, fmt::Write};

/// What was measured.
pub struct Measurement<'a> {
    /// All mutants.
    pub catalogue: &'a Catalogue,
    /// What people know of them.
    pub known: &'a Known,
    /// The verdicts.
    pub judged: &'a BTreeMap<String, Judged>,
    /// The line that was typed.
    pub command: String,
}

impl<'a> Measurement<'a> {
    /// Each mutant that was judged, with its verdict; with `harmless`, those that change nothing, else the others.
    fn all(&self, harmless: bool) -> Vec<(&'a Mutant, &'a Judged)> {
        let is_wanted = |mutant: &&Mutant| (mutant.operator == Operator::Harmless) == harmless;
        let built = self.catalogue.mutants.iter().filter(is_wanted);
        built
            .filter_map(|mutant| Some((mutant, self.judged.get(&mutant.id)?)))
            .collect()
    }

    /// Harmless changes to which somebody objects.
    pub fn false_alarms(&self) -> Vec<&'a Mutant> {
        let all = self.all(true).into_iter();
        all.filter(|(mutant, judged)| judged.is_false_alarm(mutant))
            .map(|(mutant, _)| mutant)
            .collect()
    }

    /// Whether more is called equivalent than may be: then the arguments are what should be looked at.
    pub fn is_excused_too_often(&self) -> bool {
        let total = self.counts(|_| true);
        10 * total.equivalent > total.judged + total.equivalent
    }

    fn counts(&self, is_of: impl Fn(&Mutant) -> bool) -> Counts {
        let all = self.all(false);
        let group = all
            .iter()
            .filter(|(mutant, _)| is_of(mutant))
            .map(|(_, judged)| *judged);
        Counts::of(group, self.known)
    }
}

/// The page of a measurement.
pub fn markdown(measured: &Measurement<'_>) -> String {
    let mut page = String::new();
    let total = measured.counts(|_| true);
    let budgets: Vec<f64> = measured.judged.values().map(|judged| judged.budget_s).collect();
    let budget = budgets.iter().copied().fold(0.0, f64::max);
    let _ = write!(
        page,
        "# The measure of the judge\n\n\
         Mistakes made in `core/src` by rule, one at a time, and what the simulation alone says of each. Written by\n\
         `cargo mutate report`, from what was judged; nobody chose the mistakes.\n\n\
         ```sh\n{}\n```\n\n\
         **{} of {} detected: {}** (95 % interval, Wilson). At most {budget} s of processor time for each mutant; a\n\
         detection took {} in the median. Without those that a second guard makes good: {}. Sources {}, as\n\
         `cargo mutate list` calls them.\n\n",
        measured.command,
        total.detected,
        total.judged,
        total.share(),
        total.median_s().map_or("-".into(), |s| format!("{s:.2} s")),
        total.unmasked_share(),
        measured.catalogue.key,
    );
    page.push_str(
        "*Unreached*: no run executes the place. *No effect*: runs execute it, and all were the same to the byte.\n\
         *Differs*: runs came out differently, and no property objects. *Masked*: a second guard makes it good\n\
         (`masked.toml`). *Trouble*: the process died or the harness failed, which no property says.\n\
         *Equivalent* ones (`equivalent.toml`, confirmed) are not counted.\n\n",
    );
    let harmless = measured.all(true);
    let alarms = measured.false_alarms();
    let _ = writeln!(
        page,
        "Of {} changes that change nothing, {} had another run or a violation.\n",
        harmless.len(),
        alarms.len()
    );
    for alarm in alarms {
        let _ = writeln!(
            page,
            "- false alarm: `{}` {}: {}",
            alarm.id,
            alarm.place(),
            alarm.title()
        );
    }
    if measured.is_excused_too_often() {
        page.push_str("**More than a tenth is called equivalent: nobody should believe that.**\n\n");
    }
    page.push_str("## By folder\n\n");
    let mut folders: Vec<&str> = measured.all(false).iter().map(|(mutant, _)| mutant.folder()).collect();
    folders.sort_unstable();
    folders.dedup();
    table(
        &mut page,
        "folder",
        folders
            .iter()
            .map(|folder| (*folder, measured.counts(|m| m.folder() == *folder))),
    );
    page.push_str("\n## By rule\n\n");
    let rules = Operator::ALL.into_iter().filter(|rule| *rule != Operator::Harmless);
    table(
        &mut page,
        "rule",
        rules.map(|rule| (rule.name(), measured.counts(|m| m.operator == rule))),
    );
    page.push_str("\n## By matter of security\n\nA mutant may be of several.\n\n");
    let of = matters::names().map(|name| (name, measured.counts(|m| matters::of(m).contains(&name))));
    let any = measured.counts(|m| !matters::of(m).is_empty());
    table(&mut page, "matter", of.chain([(matters::ANY, any)]));
    by_property(&mut page, measured);
    missed(&mut page, measured);
    dropped(&mut page, measured.catalogue);
    page
}

fn table<'a>(page: &mut String, what: &str, rows: impl Iterator<Item = (&'a str, Counts)>) {
    let _ = writeln!(
        page,
        "| {what} | judged | detected | unreached | no effect | differs | masked | trouble | equivalent | detected, 95 % interval | median s |\n\
         |---|---|---|---|---|---|---|---|---|---|---|"
    );
    for (name, counts) in rows.filter(|(_, counts)| counts.judged + counts.equivalent > 0) {
        let Counts {
            judged,
            detected,
            unreached,
            no_effect,
            differs,
            masked,
            trouble,
            equivalent,
            ..
        } = counts;
        let median = counts.median_s().map_or(String::new(), |s| format!("{s:.2}"));
        let _ = writeln!(
            page,
            "| {name} | {judged} | {detected} | {unreached} | {no_effect} | {differs} | {masked} | {trouble} | {equivalent} | {} | {median} |",
            counts.share()
        );
    }
}

fn by_property(page: &mut String, measured: &Measurement<'_>) {
    let mut properties = BTreeMap::<&str, Vec<f64>>::new();
    for (_, judged) in measured.all(false) {
        if let Verdict::Detected { property, .. } = &judged.verdict {
            properties.entry(property).or_default().push(judged.cpu_s);
        }
    }
    let mut rows: Vec<_> = properties.into_iter().collect();
    rows.sort_by_key(|(_, times)| std::cmp::Reverse(times.len()));
    page.push_str(
        "\n## By what\n\n| property | mutants that it is the first to detect | slowest, s |\n|---|---|---|\n",
    );
    for (property, times) in rows {
        let slowest = times.iter().copied().fold(0.0, f64::max);
        let _ = writeln!(page, "| {property} | {} | {slowest:.2} |", times.len());
    }
}

fn missed(page: &mut String, measured: &Measurement<'_>) {
    let groups = [
        (Missed::Differs, "Runs differ, and nobody objects"),
        (Missed::NoEffect, "Runs execute it, and nothing differs"),
        (Missed::Unreached, "No run executes it"),
    ];
    page.push_str("\n## Not detected\n");
    for (wanted, title) in groups {
        let _ = writeln!(page, "\n### {title}\n");
        for (mutant, judged) in measured.all(false) {
            if !matches!(judged.verdict, Verdict::Missed { why } if why == wanted)
                || measured.known.is_equivalent(&mutant.id)
            {
                continue;
            }
            let guard = measured.known.masked.get(&mutant.id);
            let guard = guard.map_or(String::new(), |masked| format!(" (masked: {})", masked.guard));
            line(page, mutant, &guard);
        }
    }
    page.push_str("\n### Trouble\n\n");
    for (mutant, judged) in measured.all(false) {
        if let Verdict::Trouble { what } = &judged.verdict {
            line(page, mutant, &format!(" ({what})"));
        }
    }
}

fn line(page: &mut String, mutant: &Mutant, after: &str) {
    let (place, function, rule) = (mutant.place(), &mutant.function, mutant.operator);
    let title = mutant.title().replace('|', "\\|");
    let _ = writeln!(page, "- `{}` {place} {function}, {rule}: {title}{after}", mutant.id);
}

/// What the compiler refuses is not measured: how much of it, by rule.
fn dropped(page: &mut String, catalogue: &Catalogue) {
    page.push_str(
        "\n## What is in the build\n\nWhat the compiler refuses is no mistake that could reach anybody.\n\n\
         | rule | found | in the build | refused | most often because |\n|---|---|---|---|---|\n",
    );
    let (mut found_all, mut built_all) = (0, 0);
    for rule in Operator::ALL {
        let of_rule: Vec<&Mutant> = catalogue
            .mutants
            .iter()
            .filter(|mutant| mutant.operator == rule)
            .collect();
        let mut reasons = BTreeMap::<&str, usize>::new();
        for reason in of_rule.iter().filter_map(|mutant| mutant.dropped.as_deref()) {
            let code = reason.split(':').next().unwrap_or(reason);
            *reasons.entry(code).or_default() += 1;
        }
        let refused: usize = reasons.values().sum();
        let most = reasons
            .into_iter()
            .max_by_key(|(_, count)| *count)
            .map_or("", |(code, _)| code);
        let (found, built) = (of_rule.len(), of_rule.len() - refused);
        (found_all, built_all) = (found_all + found, built_all + built);
        let _ = writeln!(page, "| {rule} | {found} | {built} | {refused} | {most} |");
    }
    let refused = found_all - built_all;
    let _ = writeln!(page, "| all | {found_all} | {built_all} | {refused} | |");
}

#[cfg(test)]
mod tests;
