//! Delayed acknowledgements (RFC 9293 section 3.8.6.3): most data is answered soon, and the answer
//! carries the acknowledgement. turmoil-net acknowledges every segment by itself; the engine holds
//! such a packet back until something goes the same way, or its time has come. As on Linux.
//!
//! This is half of all packets of a world that mostly asks and answers, and a kernel that has nothing
//! else to say need not be asked.

use super::{
    delivery::LOW_WINDOW_BYTES,
    flow::{self, Direction, Flow},
    wire::Wire,
};
use turmoil_net::Packet;

/// Linux's lower bound (`TCP_DELACK_MIN`).
const DELAY_MS: u64 = 40;
/// Two segments' worth is acknowledged at once (RFC 9293 section 3.8.6.3: at least every second).
const UNACKED_BYTES_MAX: usize = 2 * 1_460;

impl Wire {
    /// A packet reaches a kernel: decides whether, and how soon, that kernel has to be asked what it
    /// says to it.
    pub(super) fn note_arrival(&mut self, now_ms: u64, flow: Flow, packet: &Packet) {
        let segment = flow::tcp(packet).filter(|segment| !segment.flags.syn && !segment.flags.rst);
        let (Some(segment), Some(receiver)) = (segment, self.directions.get_mut(&flow.reverse())) else {
            self.stirred = true;
            return;
        };
        receiver.peer_ended |= segment.flags.fin;
        if !segment.payload.is_empty() {
            receiver.unacked += segment.payload.len();
            receiver.ack_due_ms.get_or_insert(now_ms + DELAY_MS);
        }
        if receiver.peer_ended || !receiver.has_nothing_to_say() || receiver.must_ack(now_ms) {
            self.stirred = true;
        } else if let Some(due_ms) = receiver.ack_due_ms {
            self.pass_due_ms = Some(self.pass_due_ms.map_or(due_ms, |pass| pass.min(due_ms)));
        }
    }

    /// A packet leaves its kernel. A bare acknowledgement that may wait is kept (`None`); anything
    /// else carries what was kept.
    pub(super) fn delay_ack(&mut self, now_ms: u64, flow: Flow, packet: Packet) -> Option<Packet> {
        let Some(sender) = self.directions.get_mut(&flow) else {
            return Some(packet);
        };
        if let Some((key, _)) = sender.held_ack.take() {
            self.held_acks.remove(&key);
        }
        match sender.ack_due_ms {
            Some(due_ms) if flow::is_pure_ack(&packet) && !sender.must_ack(now_ms) => {
                self.next_order += 1;
                let key = (due_ms, self.next_order);
                sender.held_ack = Some((key, packet));
                self.held_acks.insert(key, flow);
                None
            }
            _ => {
                (sender.ack_due_ms, sender.unacked) = (None, 0);
                Some(packet)
            }
        }
    }

    /// Sends the acknowledgements that have waited long enough, and has the kernels asked for those
    /// that they have not put out yet.
    pub(super) fn acknowledge_due(&mut self, now_ms: u64) {
        while let Some(first) = self.held_acks.first_entry()
            && first.key().0 <= now_ms
        {
            let (key, flow) = first.remove_entry();
            let Some(sender) = self.directions.get_mut(&flow) else {
                continue;
            };
            if let Some((_, packet)) = sender.held_ack.take_if(|(held, _)| *held == key) {
                (sender.ack_due_ms, sender.unacked) = (None, 0);
                let order = self.next_order();
                self.transmit(now_ms, order, packet);
            }
        }
        self.stirred |= self.pass_due_ms.is_some_and(|due_ms| due_ms <= now_ms);
    }
}

impl Direction {
    /// What has arrived must be acknowledged now, company or not.
    fn must_ack(&self, now_ms: u64) -> bool {
        let is_due = self.ack_due_ms.is_some_and(|due_ms| due_ms <= now_ms);
        let is_open = !(self.closed || self.dead || self.ghost || self.reset || self.half_open || self.peer_ended);
        is_due || !is_open || self.unacked >= UNACKED_BYTES_MAX || self.window < LOW_WINDOW_BYTES
    }
}
