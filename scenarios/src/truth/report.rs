//! All comparisons of one occasion, and the page that tells of them.

use super::{
    Agreement,
    rates::{Rate, Toll, Way},
    timeline::Failovers,
};
use std::fmt::Write;

/// What was compared on one occasion.
#[derive(Debug, Default)]
pub struct Report {
    /// The real programs, as they call themselves.
    pub versions: Vec<String>,
    /// From which everything random was drawn.
    pub seed: u64,
    /// Each comparison by what it compares.
    pub comparisons: Vec<(String, Agreement)>,
    /// Failovers, by what befell the master.
    pub failovers: Vec<Failovers>,
    /// What a death takes back, by its kind.
    pub rates: Vec<Rate>,
}

impl Report {
    /// Whether the models told the truth wherever they were asked.
    pub fn holds(&self) -> bool {
        let mut comparisons = self.comparisons.iter();
        comparisons.all(|(_, agreement)| agreement.differences.is_empty())
            && self.failovers.iter().all(Failovers::agree)
            && self.rates.iter().all(Rate::agrees)
    }

    /// The page, in Markdown.
    pub fn page(&self) -> String {
        let mut page = String::from(INTRODUCTION);
        // Writing to a String cannot fail.
        let _ = writeln!(
            page,
            "\n## What was compared\n\nWith {}; seed {}.\n",
            self.versions.join(", "),
            self.seed
        );
        let _ = writeln!(
            page,
            "| comparison | answers compared | differences | broken off |\n|---|---:|---:|---:|"
        );
        for (what, agreement) in &self.comparisons {
            let _ = writeln!(
                page,
                "| {what} | {} | {} | {} |",
                agreement.compared,
                agreement.differences.len(),
                agreement.broken_off
            );
        }
        let _ = write!(page, "\n{FAILOVER}");
        for failovers in &self.failovers {
            tell_failovers(&mut page, failovers);
        }
        let _ = write!(page, "\n{RATES}");
        tell_rates(&mut page, &self.rates);
        for (what, agreement) in &self.comparisons {
            for difference in &agreement.differences {
                let _ = writeln!(page, "\n### A difference: {what}\n\n```\n{difference}\n```");
            }
        }
        page.push_str(CLOSING);
        page
    }
}

fn tell_failovers(page: &mut String, failovers: &Failovers) {
    let _ = writeln!(
        page,
        "\nThe master is {}: {} failovers of the real programs, {} of the simulation; milliseconds after it, median (least to \
         most).\n",
        failovers.fault.name,
        failovers.real.len(),
        failovers.simulated.len()
    );
    let _ = writeln!(
        page,
        "| step | real | real, on a quiet machine | simulated |\n|---|---:|---:|---:|"
    );
    for step in failovers.steps() {
        let show = |(least, median, most): (i64, i64, i64)| format!("{median} ({least} to {most})");
        let (least, most) = step.measured;
        let (real, simulated) = (show(step.real), show(step.simulated));
        let _ = writeln!(page, "| {} | {real} | {least} to {most} | {simulated} |", step.name);
    }
    let order = match failovers.same_order() {
        true => "The leading Sentinel says the same, in the same order, each time",
        false => "The leading Sentinel does **not** always say the same",
    };
    let said = failovers.real.first().map(|failover| failover.leader_said.join(", "));
    let _ = writeln!(page, "\n{order}: {}.", said.unwrap_or_default());
}

fn tell_rates(page: &mut String, rates: &[Rate]) {
    let _ = writeln!(
        page,
        "| death | link | real | measured before | simulated | redemptions taken back: real | simulated |\n\
         |---|---:|---:|---:|---:|---:|---:|"
    );
    for rate in rates {
        let way = match rate.kind.way {
            Way::Killed => "SIGKILL",
            Way::WithoutPower => "power loss",
        };
        let of = |tolls: &[Toll]| {
            let sum = |each: fn(&Toll) -> u64| tolls.iter().map(each).sum::<u64>();
            format!(
                "{} of {} ({} deaths)",
                sum(|toll| toll.taken),
                sum(|toll| toll.acknowledged),
                tolls.len()
            )
        };
        let _ = writeln!(
            page,
            "| {way} | {} ms | {:.3} ms | {:.3} ms | {:.3} ms | {} | {} |",
            rate.kind.link_ms,
            rate.figure(&rate.real),
            rate.measured_ms(),
            rate.figure(&rate.simulated),
            of(&rate.real),
            of(&rate.simulated)
        );
    }
}

const INTRODUCTION: &str = "# Fidelity

What the simulated Redis, Sentinel and balancer have in common with the real programs, and what not.
This page is written by `squall truth --write sim/FIDELITY.md`, from comparisons that it has just made;
`cargo test` makes shorter ones each time.
";

const FAILOVER: &str = "## A failover, side by side

One master, one replica, three Sentinels, quorum 2, down-after 1 s.
";

const RATES: &str = "## What a death takes back

A master dies under load whose link to its replica is healthy; its replica is promoted. How many milliseconds of
acknowledged redemptions (GETDEL) have come back: those that have, divided by those acknowledged in a millisecond. After a
kill most deaths take nothing, and the figure is the mean; after a power loss, which takes with it what is on its way to
the replica, the median. The two must agree within a factor of three.

";

const CLOSING: &str = "
## How answers are compared

Byte by byte, except: members of unordered replies (SMEMBERS, HGETALL, KEYS, SCAN and their like) as
sets; PTTL and its like within 250 ms, TTL within 1 s, for the two are not asked at the same moment; what
is chance (RANDOMKEY, SPOP, SRANDMEMBER) or about the process (INFO, CLIENT, TIME) by kind; HELLO without the
connection's number. Nothing is
asked within 6 ms of an expiry; a sequence in which a question came too late all the same is broken off, and counted.
Times of expiry in the replication stream agree within 250 ms.

## What differs, and why

- A full resynchronisation carries an encoding of the model's own, not RDB: a real replica cannot follow
  the model, nor the model a real master. Its size is in proportion to the data, and it arrives as one bulk.
- OBJECT ENCODING answers for the value as it is, not for what it once was (a list that was long, a number that
  was computed as a float).
- The order of a hash's fields and of a set's members is the model's own. Replies are compared as sets for that; what a
  script makes of such an order is not (`redis.setresp(3)` and `return redis.call('HGETALL', …)`).
- An error that quotes bytes that are no UTF-8 shows them as U+FFFD.
- Who has several patterns that match hears of them in another order, and a bare UNSUBSCRIBE or PUNSUBSCRIBE
  tells channels in another: Redis's is that of its hash tables, whose seed is drawn anew at each start (measured
  on four starts of 7.0.15, and read in its pubsub.c). Both are compared in any order.
- The cron runs when something is due, not ten times a second. WAIT's time-outs round up to the 100 ms all
  the same.
- Sentinel watches one master, compares addresses, and has no SET, MONITOR or REMOVE.
- The balancer reads and writes HTTP through hyper. What hyper refuses (a malformed request) it answers
  with 400 as nginx does, with another page.

- INFO without a section leaves out Memory and Persistence, which Sentinels would ask for once a second and not read.
- A script that takes too long ends by itself, as with SCRIPT KILL, after a bounded number of instructions.
- What a master has acknowledged and not yet written to its replica's socket dies with it. A real Redis writes both in one
  turn of its event loop, one client after the other: some 6 us for each that is answered at once (with 16 clients 52
  redemptions in 30 deaths came back, with 4 clients one). The engine's resolution is 1 ms, so the model leaves nothing
  between them most of the time and 1 ms now and then (`replication_late_ppm`), and the mean is the same.

## Other people's programs, put to `squall redis`

- `redis-benchmark -n 2000` (Redis 7.0.15): all its 20 tests, and pipelined over RESP3 (`-P 16 -3`), without an error.
- redis-rs 1.6.0's own tests, with `REDISRS_SERVER_BIN` naming a script that starts `squall redis`: test_script 5 of 5,
  test_types 35 of 35, test_basic 95 of 102, test_async 88 of 92, test_acl 4 of 8 (the real server: all, but 1 of
  test_async). What fails asks for what is absent: SETBIT and BITOP (2), CLIENT TRACKING (3), DEBUG SLEEP, OBJECT FREQ,
  MONITOR, INFO's Persistence without its name, ACL CAT for bitmap commands and the like, GENPASS, HELP and LOG (4), a
  script that runs for very long; and one is of redis-rs itself.

## Deliberately absent

- Modules, clusters, streams, geo and bitmap commands, HyperLogLog, functions, diskless delays, output
  buffer limits, CLIENT TRACKING, OBJECT FREQ, LATENCY, MEMORY, SLOWLOG, MONITOR, DEBUG.
- nginx: TLS, HTTP/2, caching, several workers, weights.
- Not compared for want of a way to bring it about on a loopback: SYNs that are dropped. A real host that has lost power
  still accepts connections here, and says nothing on them.
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_shows_what_differs() {
        let mut report = Report::default();
        assert!(report.holds());
        report.comparisons.push((
            "random commands".to_owned(),
            Agreement {
                compared: 7,
                differences: vec!["GET k".to_owned()],
                broken_off: 3,
            },
        ));
        let page = report.page();
        assert!(
            page.contains("| random commands | 7 | 1 | 3 |") && page.contains("```\nGET k\n```"),
            "{page}"
        );
        assert!(!report.holds());
    }
}
