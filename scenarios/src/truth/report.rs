//! All comparisons of one occasion, and the page that tells of them.

use super::{
    Agreement,
    timeline::{Failover, MEASURED, STEPS, spread},
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
    /// Failovers of the real Sentinels.
    pub real_failovers: Vec<Failover>,
    /// Failovers of the simulated ones.
    pub simulated_failovers: Vec<Failover>,
}

/// One step of the failover in both worlds: least, median and most, milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct Step {
    /// As in [`STEPS`].
    pub name: &'static str,
    /// Of the real programs.
    pub real: (i64, i64, i64),
    /// Of the simulation.
    pub simulated: (i64, i64, i64),
}

impl Step {
    /// Least and most of the measurement.
    fn measured(&self) -> (i64, i64) {
        let step = STEPS.iter().position(|step| *step == self.name);
        step.map_or((self.real.0, self.real.2), |step| MEASURED[step])
    }

    /// Whether the simulated median lies inside the least and the most of the real ones, today's and those of the
    /// measurement.
    pub fn agrees(&self) -> bool {
        let (least, most) = self.measured();
        (least.min(self.real.0)..=most.max(self.real.2)).contains(&self.simulated.1)
    }
}

impl Report {
    /// The failover, step by step; without those that did not happen in each.
    pub fn timeline(&self) -> Vec<Step> {
        let steps = STEPS.iter().enumerate().filter_map(|(index, name)| {
            Some(Step {
                name,
                real: spread(&self.real_failovers, index)?,
                simulated: spread(&self.simulated_failovers, index)?,
            })
        });
        steps.collect()
    }

    /// Whether each leader, real or simulated, said the same in the same order.
    pub fn same_order(&self) -> bool {
        let mut all = self.real_failovers.iter().chain(&self.simulated_failovers);
        let Some(first) = all.next() else { return false };
        !first.leader_said.is_empty() && all.all(|failover| failover.leader_said == first.leader_said)
    }

    /// Whether the models told the truth wherever they were asked.
    pub fn holds(&self) -> bool {
        let agree = self
            .comparisons
            .iter()
            .all(|(_, agreement)| agreement.differences.is_empty());
        let timeline = self.timeline();
        let failovers = self.real_failovers.is_empty()
            || (timeline.len() == STEPS.len() && timeline.iter().all(Step::agrees) && self.same_order());
        agree && failovers
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
        let _ = writeln!(page, "\n{FAILOVER}");
        let _ = writeln!(
            page,
            "{} failovers of the real programs, {} of the simulation; milliseconds after the kill, median (least to most).\n",
            self.real_failovers.len(),
            self.simulated_failovers.len()
        );
        let _ = writeln!(
            page,
            "| step | real | real, on a quiet machine | simulated |\n|---|---:|---:|---:|"
        );
        for step in self.timeline() {
            let quiet = step.measured();
            let show = |(least, median, most): (i64, i64, i64)| format!("{median} ({least} to {most})");
            let _ = writeln!(
                page,
                "| {} | {} | {} to {} | {} |",
                step.name,
                show(step.real),
                quiet.0,
                quiet.1,
                show(step.simulated)
            );
        }
        let order = if self.same_order() {
            "The leading Sentinel says the same, in the same order, each time"
        } else {
            "The leading Sentinel does **not** always say the same"
        };
        let said = self
            .real_failovers
            .first()
            .map(|failover| failover.leader_said.join(", "))
            .unwrap_or_default();
        let _ = writeln!(page, "\n{order}: {said}.");
        for (what, agreement) in &self.comparisons {
            for difference in &agreement.differences {
                let _ = writeln!(page, "\n### A difference: {what}\n\n```\n{difference}\n```");
            }
        }
        page.push_str(CLOSING);
        page
    }
}

const INTRODUCTION: &str = "# Fidelity

What the simulated Redis, Sentinel and balancer have in common with the real programs, and what not.
This page is written by `squall truth --write sim/FIDELITY.md`, from comparisons that it has just made;
`cargo test` makes shorter ones each time.
";

const FAILOVER: &str = "## A failover, side by side

One master, one replica, three Sentinels, quorum 2, down-after 1 s; the master is killed (SIGKILL).
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
- What a master has acknowledged and not yet written to its replica's socket dies with it. In the model that is up to 1 ms,
  the engine's resolution, at each write. A real Redis writes both in one turn of its event loop: `kill -9` under load took
  6 of 251,461 acknowledged GETDELs back. So here it happens more often; what happens is the same.

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
- Not compared for want of a way to bring it about on a loopback: hosts that lose power, SYNs that are dropped, clocks that
  differ between nodes (libfaketime 0.9.10 and the allocator of Debian's redis-server do not start together). The
  simulation has them; what they do for real was measured by hand.
";

#[cfg(test)]
mod tests {
    use super::*;

    fn failover(at: i64, said: &str) -> Failover {
        Failover {
            at_ms: [Some(at); STEPS.len()],
            leader_said: said.split(' ').map(str::to_owned).collect(),
        }
    }

    fn report(real: &[i64], simulated: &[i64]) -> Report {
        let failovers = |times: &[i64]| times.iter().map(|at| failover(*at, "+sdown +switch-master")).collect();
        Report {
            real_failovers: failovers(real),
            simulated_failovers: failovers(simulated),
            ..Report::default()
        }
    }

    #[test]
    fn the_simulated_median_lies_where_the_real_ones_lie() {
        assert!(report(&[1_000, 1_100, 1_050], &[1_090, 1_020, 5_000]).holds());
        assert!(!report(&[1_000, 1_100, 1_050], &[1_300, 1_300, 1_020]).holds());
        assert!(!report(&[1_000, 1_100, 1_050], &[850, 850]).holds());
    }

    #[test]
    fn another_order_is_a_difference() {
        let mut report = report(&[1_000], &[1_000]);
        report
            .simulated_failovers
            .push(failover(1_000, "+switch-master +sdown"));
        assert!(!report.holds());
    }

    #[test]
    fn a_step_that_never_came_is_a_difference() {
        let mut report = report(&[1_000], &[1_000]);
        report.simulated_failovers[0].at_ms[3] = None;
        assert!(!report.holds());
    }

    #[test]
    fn the_page_shows_what_differs() {
        let mut report = report(&[1_000], &[1_000]);
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
