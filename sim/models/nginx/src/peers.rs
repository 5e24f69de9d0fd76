//! The choice of an upstream: nginx's round robin with passive health checks (`ngx_http_upstream_round_robin.c`), for servers
//! of equal weight. Pure: time comes in as a value.

use std::{collections::BTreeSet, time::Duration};

/// The state that all requests share.
#[derive(Debug)]
pub(super) struct Peers {
    peers: Vec<Peer>,
    max_fails: u32,
    fail_timeout: Duration,
}

#[derive(Debug, Default, Clone)]
struct Peer {
    /// Smooth weighted round robin: the server that has waited longest has the largest weight.
    current_weight: i64,
    effective_weight: i64,
    fails: u32,
    accessed: Option<Duration>,
    checked: Option<Duration>,
}

const WEIGHT: i64 = 1;

/// The servers that one request has tried so far.
#[derive(Debug)]
pub(super) struct Round {
    tried: BTreeSet<usize>,
    tries_left: usize,
}

impl Round {
    /// Whether another server may be tried after a failure that allows it.
    pub(super) fn tries_left(&self) -> bool {
        self.tries_left > 0
    }

    /// Allows one more try, because an idle connection had been closed meanwhile.
    pub(super) fn one_more_try(&mut self) {
        self.tries_left += 1;
    }
}

impl Peers {
    pub(super) fn new(count: usize, max_fails: u32, fail_timeout: Duration) -> Peers {
        let fresh = Peer {
            effective_weight: WEIGHT,
            ..Peer::default()
        };
        Peers {
            peers: vec![fresh; count],
            // a single server is never taken out (measured)
            max_fails: if count > 1 { max_fails } else { 0 },
            fail_timeout,
        }
    }

    /// A new request.
    pub(super) fn round(&self) -> Round {
        Round {
            tried: BTreeSet::new(),
            tries_left: self.peers.len(),
        }
    }

    /// The server to try next; `None` when there are "no live upstreams".
    pub(super) fn pick(&mut self, round: &mut Round, now: Duration) -> Option<usize> {
        let mut best: Option<usize> = None;
        let mut total = 0;
        for index in 0..self.peers.len() {
            if round.tried.contains(&index) || self.is_out(index, now) {
                continue;
            }
            let peer = &mut self.peers[index];
            peer.current_weight += peer.effective_weight;
            total += peer.effective_weight;
            peer.effective_weight = (peer.effective_weight + 1).min(WEIGHT);
            if best.is_none_or(|b| self.peers[index].current_weight > self.peers[b].current_weight) {
                best = Some(index);
            }
        }
        let best = best?;
        let fail_timeout = self.fail_timeout;
        let peer = &mut self.peers[best];
        peer.current_weight -= total;
        if peer
            .checked
            .is_none_or(|checked| now.saturating_sub(checked) > fail_timeout)
        {
            peer.checked = Some(now);
        }
        round.tried.insert(best);
        Some(best)
    }

    fn is_out(&self, index: usize, now: Duration) -> bool {
        let peer = &self.peers[index];
        let recent = peer
            .checked
            .is_some_and(|checked| now.saturating_sub(checked) <= self.fail_timeout);
        self.max_fails > 0 && peer.fails >= self.max_fails && recent
    }

    /// Counts a failure: the server refused, timed out, or broke off before its answer.
    pub(super) fn failed(&mut self, round: &mut Round, index: usize, now: Duration) {
        let peer = &mut self.peers[index];
        peer.fails += 1;
        peer.accessed = Some(now);
        peer.checked = Some(now);
        if self.max_fails > 0 {
            peer.effective_weight = (peer.effective_weight - WEIGHT / i64::from(self.max_fails)).max(0);
        }
        round.tries_left -= 1;
    }

    /// Counts an answer, even a 500: if this was its probe, the server is back.
    pub(super) fn answered(&mut self, index: usize) {
        let peer = &mut self.peers[index];
        if peer.accessed < peer.checked {
            peer.fails = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIMEOUT: Duration = Duration::from_secs(10);
    fn s(secs: u64) -> Duration {
        Duration::from_secs(secs)
    }
    fn pick(peers: &mut Peers, now: Duration) -> Option<usize> {
        let mut round = peers.round();
        peers.pick(&mut round, now)
    }

    #[test]
    fn two_servers_take_turns() {
        let mut peers = Peers::new(2, 1, TIMEOUT);
        let turns: Vec<_> = (0..6).map(|_| pick(&mut peers, s(1)).unwrap()).collect();
        assert_eq!(turns, [0, 1, 0, 1, 0, 1]);
    }

    #[test]
    fn a_failed_server_is_out_until_after_fail_timeout_and_in_again_after_one_answer() {
        let mut peers = Peers::new(2, 1, TIMEOUT);
        let mut round = peers.round();
        assert_eq!(peers.pick(&mut round, s(1)), Some(0));
        peers.failed(&mut round, 0, s(1));
        assert!(round.tries_left());
        assert_eq!(peers.pick(&mut round, s(1)), Some(1));
        for now in 2..=11 {
            assert_eq!(pick(&mut peers, s(now)), Some(1), "out at {now} s");
        }
        let probed: Vec<_> = (0..3).map(|_| pick(&mut peers, s(12)).unwrap()).collect();
        assert_eq!(probed.iter().filter(|p| **p == 0).count(), 1, "one probe: {probed:?}");
        peers.answered(0);
        let turns: Vec<_> = (0..4).map(|_| pick(&mut peers, s(13)).unwrap()).collect();
        assert!(turns == [0, 1, 0, 1] || turns == [1, 0, 1, 0], "{turns:?}");
    }

    #[test]
    fn with_both_out_there_is_no_server_until_after_fail_timeout() {
        let mut peers = Peers::new(2, 1, TIMEOUT);
        let mut round = peers.round();
        for _ in 0..2 {
            let peer = peers.pick(&mut round, s(1)).unwrap();
            peers.failed(&mut round, peer, s(1));
        }
        assert!(!round.tries_left());
        assert_eq!(pick(&mut peers, s(2)), None);
        assert_eq!(pick(&mut peers, s(11)), None);
        assert!(pick(&mut peers, s(12)).is_some());
    }

    #[test]
    fn a_single_server_and_max_fails_0_are_never_out() {
        for (count, max_fails) in [(1, 1), (2, 0)] {
            let mut peers = Peers::new(count, max_fails, TIMEOUT);
            for _ in 0..5 {
                let mut round = peers.round();
                let peer = peers.pick(&mut round, s(1)).expect("never out");
                peers.failed(&mut round, peer, s(1));
            }
        }
    }
}
