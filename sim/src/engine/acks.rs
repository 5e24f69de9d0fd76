//! Delayed acknowledgements (RFC 9293 section 3.8.6.3). Most data is answered soon, and the answer carries the
//! acknowledgement. turmoil-net sends an acknowledgement for every segment; the engine holds such a bare
//! acknowledgement back until another packet goes the same way, or until it is due.
//!
//! Meanwhile the engine need not poll a kernel that has nothing else to send.

use super::{
    delivery::LOW_WINDOW_BYTES,
    flow::{self, Direction, Flow},
    wire::Wire,
};
use std::mem;
use turmoil_net::Packet;

/// A bare acknowledgement is sent at the next multiple of this, milliseconds, together with those of all other
/// connections, so that one pass serves all of them. RFC 9293 section 3.8.6.3 allows up to 500 ms. No peer is kept
/// waiting by the delay.
const SLOT_MS: u64 = 400;
/// This number of bytes, two segments, is acknowledged at once (RFC 9293 section 3.8.6.3: at least every second
/// segment).
const UNACKED_BYTES_MAX: usize = 2 * 1_460;

impl Wire {
    /// Called when a packet reaches a kernel: decides whether, and when, the kernel must be polled for its reaction.
    pub(super) fn note_arrival(&mut self, now_ms: u64, flow: Flow, packet: &Packet) {
        let segment = flow::tcp(packet).filter(|segment| !segment.flags.syn && !segment.flags.rst);
        let (Some(segment), Some(receiver)) = (segment, self.directions.get_mut(&flow.reverse())) else {
            self.pending_egress = true;
            return;
        };
        receiver.peer_ended |= segment.flags.fin;
        if !segment.payload.is_empty() {
            receiver.unacked += segment.payload.len();
            receiver.ack_due_ms.get_or_insert((now_ms / SLOT_MS + 1) * SLOT_MS);
        }
        if receiver.peer_ended || !receiver.stays_silent_on_ack() || receiver.must_ack(now_ms) {
            self.pending_egress = true;
        } else if let Some(due_ms) = receiver.ack_due_ms {
            self.pass_due_ms = Some(self.pass_due_ms.map_or(due_ms, |pass| pass.min(due_ms)));
        }
    }

    /// Called when a packet leaves its kernel. A bare acknowledgement is held back (`None`), at least until the pass is
    /// over; any other packet carries the acknowledgement that was held back. So a connection does not notice when its
    /// kernel is polled because of other connections.
    pub(super) fn delay_ack(&mut self, flow: Flow, packet: Packet) -> Option<Packet> {
        let Some(sender) = self.directions.get_mut(&flow) else {
            return Some(packet);
        };
        if let Some((key, _)) = sender.held_ack.take() {
            self.held_acks.remove(&key);
        }
        match sender.ack_due_ms {
            Some(due_ms) if flow::is_pure_ack(&packet) => {
                self.next_order += 1;
                let key = (due_ms, self.next_order);
                sender.held_ack = Some((key, packet));
                self.held_acks.insert(key, flow);
                self.newly_held.push(flow);
                None
            }
            _ => {
                (sender.ack_due_ms, sender.unacked) = (None, 0);
                Some(packet)
            }
        }
    }

    /// Makes the engine poll the kernels when an acknowledgement is due.
    pub(super) fn acknowledge_due(&mut self, now_ms: u64) {
        let first_held = self.held_acks.first_key_value().map(|(key, _)| key.0);
        let due_ms = first_held.into_iter().chain(self.pass_due_ms).min();
        self.pending_egress |= due_ms.is_some_and(|due_ms| due_ms <= now_ms);
    }

    /// At the end of a pass: sends the acknowledgements that are due or need not wait.
    pub(super) fn send_lone_acks(&mut self, now_ms: u64) {
        for flow in mem::take(&mut self.newly_held) {
            if self.directions.get(&flow).is_some_and(|sender| sender.must_ack(now_ms)) {
                self.send_held_ack(now_ms, flow);
            }
        }
        while let Some(first) = self.held_acks.first_entry()
            && first.key().0 <= now_ms
        {
            let flow = first.remove();
            self.send_held_ack(now_ms, flow);
        }
    }

    fn send_held_ack(&mut self, now_ms: u64, flow: Flow) {
        let Some(sender) = self.directions.get_mut(&flow) else {
            return;
        };
        if let Some((key, packet)) = sender.held_ack.take() {
            (sender.ack_due_ms, sender.unacked) = (None, 0);
            self.held_acks.remove(&key);
            let order = self.next_order();
            self.transmit(now_ms, order, packet);
        }
    }
}

impl Direction {
    /// Whether the received data must be acknowledged now, even without data to send.
    fn must_ack(&self, now_ms: u64) -> bool {
        let is_due = self.ack_due_ms.is_some_and(|due_ms| due_ms <= now_ms);
        let is_open = !(self.closed || self.dead || self.ghost || self.reset || self.half_open || self.peer_ended);
        is_due || !is_open || self.unacked >= UNACKED_BYTES_MAX || self.window < LOW_WINDOW_BYTES
    }
}
