//! What happens to connections when a process is killed or a host loses power.

use super::{
    HostId,
    flow::{self, Flow},
    wire::Wire,
};
use std::task::Waker;

impl Wire {
    /// Called before a killed process starts again: sends what its kernel still has to send, then frees its sockets.
    /// Otherwise their ports could not be bound again.
    pub(super) fn clear_after_kill(&mut self, now_ms: u64, host: HostId) {
        self.egress(now_ms);
        for flow in self.flows_from(host) {
            if let Some(direction) = self.directions.get_mut(&flow)
                && !direction.ghost
            {
                direction.ghost = true;
                let reader = direction.reader.take();
                self.guard().deliver(flow::reset(flow.reverse(), 0, 0));
                reader.into_iter().for_each(Waker::wake);
            }
        }
        self.egress(now_ms);
    }

    /// Called when the host loses power, after its tasks have been dropped. Its kernel sends nothing more, data in
    /// transit from it is lost, and after the next boot it knows none of its connections.
    ///
    /// Acknowledgements in transit do arrive. turmoil-net retransmits nothing by itself, so a peer whose SYN or data
    /// was never acknowledged would not send again, and would never receive the RST.
    pub(super) fn clear_after_power_loss(&mut self, now_ms: u64, host: HostId) {
        self.powered[host.0] = false;
        let sent = self.under_way.len();
        self.under_way
            .retain(|_, (flow, packet)| flow.sender() != host || !flow::carries_something(packet));
        self.lost += (sent - self.under_way.len()) as u64;
        for flow in self.flows_from(host) {
            let reader = self
                .directions
                .swap_remove(&flow)
                .and_then(|direction| direction.reader);
            self.guard().deliver(flow::reset(flow.reverse(), 0, 0));
            reader.into_iter().for_each(Waker::wake);
        }
        self.egress(now_ms);
    }

    fn flows_from(&self, host: HostId) -> Vec<Flow> {
        let flows = self.directions.keys().copied();
        let mut flows: Vec<_> = flows.filter(|flow| flow.sender() == host).collect();
        flows.sort_unstable();
        flows
    }

    /// Resets a connection that was not accepted, at both ends.
    pub(super) fn refuse(&mut self, now_ms: u64, flow: Flow) {
        let Some(direction) = self.directions.get_mut(&flow) else {
            return;
        };
        direction.dead = true;
        let reset = flow::reset(flow, direction.seq, direction.ack);
        self.pending_egress = true;
        let order = self.next_order();
        self.transmit(now_ms, order, reset);
        self.guard().deliver(flow::reset(flow.reverse(), 0, 0));
    }
}
