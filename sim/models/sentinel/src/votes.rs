//! Agreement among Sentinels: whether the master is down, and which of them leads the failover.

use super::ASK_MS;
use super::instance::Pending;
use super::state::{InstanceId, Sentinel};
use model_redis::resp::Reply;
use std::collections::BTreeMap;

impl Sentinel {
    /// Asks the others whether they find the master down too and, in a failover, for their votes.
    pub(super) fn ask_for_master_state(&mut self, forced: bool, now_ms: u64) {
        let down = self.master.s_down_since.is_some();
        if !down && self.sentinels.values().all(|sentinel| sentinel.answered_at.is_none()) {
            return; // the master is up, and there are no old replies to reset
        }
        let (ip, port) = (self.master.address.0.clone(), self.master.address.1.to_string());
        let epoch = self.current_epoch.to_string();
        let candidate = if self.failover.in_progress() {
            self.id.clone()
        } else {
            "*".to_owned()
        };
        for sentinel in self.sentinels.values_mut() {
            if sentinel.answered_at.is_some_and(|at| now_ms - at > ASK_MS * 5) {
                sentinel.finds_master_down = false;
                sentinel.votes_for = None;
            }
            let recent = sentinel.answered_at.is_some_and(|at| now_ms - at < ASK_MS);
            if !down || sentinel.disconnected() || !forced && (recent || sentinel.awaits(Pending::AskMasterState)) {
                continue;
            }
            let words = ["SENTINEL", "is-master-down-by-addr", &ip, &port, &epoch, &candidate];
            sentinel.send(&words, Pending::AskMasterState);
        }
    }

    /// Processes a reply: whether that Sentinel finds the master down, and its vote and epoch.
    pub(super) fn answered(&mut self, who: &InstanceId, reply: &Reply, now_ms: u64) {
        let Reply::Array(parts) = reply else { return };
        let [Reply::Int(down), leader, Reply::Int(epoch)] = &parts[..] else {
            return;
        };
        let Some(instance) = self.instance_mut(who) else { return };
        instance.answered_at = Some(now_ms);
        instance.finds_master_down = *down == 1;
        if let Some(leader) = leader.text().filter(|leader| leader != "*") {
            instance.votes_for = Some((leader.into_owned(), *epoch as u64));
        }
        self.tick_pending = true;
    }

    /// Votes (sentinelVoteLeader): once per epoch, for the candidate that asks first. A Sentinel that has voted for another one
    /// does not start a failover itself for a while. Returns the valid vote.
    pub(super) fn vote(&mut self, epoch: u64, candidate: &str, now_ms: u64) -> (Option<String>, u64) {
        if epoch > self.current_epoch {
            self.new_epoch(epoch);
        }
        if self.leader_epoch < epoch && self.current_epoch <= epoch {
            self.leader = Some(candidate.to_owned());
            self.leader_epoch = self.current_epoch;
            self.save();
            self.emit("+vote-for-leader", &format!("{candidate} {}", self.leader_epoch));
            if candidate != self.id {
                self.failover.started_ms = Some(now_ms + self.desync_ms());
            }
        }
        (self.leader.clone(), self.leader_epoch)
    }

    /// The leader elected in an epoch, by a majority of all known Sentinels and at least the quorum.
    pub(super) fn elected(&mut self, epoch: u64, now_ms: u64) -> Option<String> {
        let mut votes: BTreeMap<String, usize> = BTreeMap::new();
        for (candidate, in_epoch) in self
            .sentinels
            .values()
            .filter_map(|sentinel| sentinel.votes_for.as_ref())
        {
            if *in_epoch == self.current_epoch {
                *votes.entry(candidate.clone()).or_default() += 1;
            }
        }
        let leading = votes
            .iter()
            .rev()
            .max_by_key(|(_, count)| **count)
            .map(|(candidate, _)| candidate.clone());
        let (own_vote, own_epoch) = self.vote(epoch, &leading.unwrap_or_else(|| self.id.clone()), now_ms);
        if let Some(candidate) = own_vote.filter(|_| own_epoch == epoch) {
            *votes.entry(candidate).or_default() += 1;
        }
        let (winner, count) = votes.into_iter().rev().max_by_key(|(_, count)| *count)?;
        (count > self.voters() / 2 && count >= self.config.quorum).then_some(winner)
    }
}
