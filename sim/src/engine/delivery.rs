//! Delivery between the wire and the kernels.

use super::{
    arrivals::Key,
    flow::{self, Direction, Flow},
    wire::{RECEIVE_BUFFER_BYTES, Wire},
};
use std::mem;
use turmoil_net::{Packet, TcpSegment};

/// If a receiver's window has fallen below this number of bytes, its peer gets a window update once there is room
/// again.
pub(super) const LOW_WINDOW_BYTES: u16 = 32_768;
/// The least room for such an update, bytes: two segments (RFC 9293 section 3.8.6.2.2, silly window avoidance).
const WINDOW_STEP_BYTES: u16 = 2_920;

impl Wire {
    /// Begins an instant: fires the timers that are due, and plans the order of the packets that are due.
    pub(super) fn begin_instant(&mut self, now_ms: u64) {
        self.retransmit_due(now_ms);
        self.acknowledge_due(now_ms);
        if self.deliveries.are_planned() {
            let due = self.under_way.range(..=(now_ms, u64::MAX));
            let due: Vec<(Key, Flow)> = due.map(|(key, (flow, _))| (*key, *flow)).collect();
            self.deliveries.plan(&due);
        }
    }

    /// Delivers the packets that are due, or those that arrive before tasks run. Returns whether there are more: then the
    /// tasks must run, and this must be called again. Nothing that is sent meanwhile arrives in the same instant.
    pub(super) fn deliver_due(&mut self, now_ms: u64) -> bool {
        match self.deliveries.next_group() {
            Some(keys) => {
                for key in keys {
                    if let Some((flow, packet)) = self.under_way.remove(&key) {
                        self.arrive(now_ms, flow, key.1, packet);
                    }
                }
            }
            None => {
                while let Some(first) = self.under_way.first_entry()
                    && first.key().0 <= now_ms
                {
                    let ((_, order), (flow, packet)) = first.remove_entry();
                    self.arrive(now_ms, flow, order, packet);
                }
            }
        }
        !self.deliveries.are_done()
    }

    fn arrive(&mut self, now_ms: u64, flow: Flow, order: u64, packet: Packet) {
        if self.powered[flow.receiver().0] {
            self.note_arrival(now_ms, flow, &packet);
            self.deliver(now_ms, flow, order, packet);
        } else {
            self.lost += 1;
            if !flow::is_pure_ack(&packet) && self.directions.contains_key(&flow) {
                self.block(now_ms, flow, order, packet);
            }
        }
    }

    fn deliver(&mut self, now_ms: u64, flow: Flow, order: u64, packet: Packet) {
        let Some(segment) = flow::tcp(&packet) else { return };
        self.note_delivery(now_ms, flow, segment);
        if let Some(tap) = &mut self.tap {
            tap.arrived(now_ms, order);
        }
        let is_shut = self.shut_ports.contains(&(flow.receiver(), flow.receiver_port()));
        if flow::is_syn(segment) {
            if is_shut {
                // Refuse as a kernel does (RFC 9293 section 3.10.7.1).
                let refusal = flow::reset(flow.reverse(), 0, segment.seq.wrapping_add(1));
                let order = self.next_order();
                return self.transmit(now_ms, order, refusal);
            }
            self.unanswered_syns.push((flow, order, packet.clone()));
            return self.guard().deliver(packet);
        }
        let Some(receiver) = self.directions.get_mut(&flow.reverse()) else {
            return self.guard().deliver(packet);
        };
        let (ack_now, seq_now) = (receiver.ack, receiver.seq);
        let is_bare = flow::is_pure_ack(&packet);
        if receiver.ghost && is_bare {
            return;
        }
        let was_half_open = mem::take(&mut receiver.half_open);
        let refused = was_half_open && is_shut && !segment.flags.rst;
        receiver.received += segment.payload.len();
        let reader = if is_bare { None } else { receiver.reader.take() };
        if segment.flags.rst {
            receiver.reset = true;
            receiver.blocked.clear();
        }
        if was_half_open && (segment.flags.rst || refused) {
            // The kernel never frees a child socket that is reset before it is established: establish it first, and
            // let `accept` drop it without returning it.
            receiver.dead = true;
            let handshake = flow::ack(flow, segment.seq, seq_now, u16::MAX);
            self.guard().deliver(handshake);
        }
        let unwanted = receiver_is_closed(self.directions.get(&flow.reverse())) && !segment.payload.is_empty();
        if refused || unwanted {
            // turmoil-net would acknowledge data for a closed socket; a real kernel sends a RST. No task can be reading
            // from a socket that is closed or that `accept` has never returned.
            let order = self.next_order();
            self.transmit(now_ms, order, flow::reset(flow.reverse(), seq_now, ack_now));
            return self.guard().deliver(flow::reset(flow, 0, 0));
        }
        self.guard().deliver(packet);
        if let Some(reader) = reader {
            reader.wake();
        }
    }

    fn note_delivery(&mut self, now_ms: u64, flow: Flow, segment: &TcpSegment) {
        self.delivered += 1;
        let flags = segment.flags;
        let bits = [flags.syn, flags.ack, flags.fin, flags.rst]
            .iter()
            .fold(0, |bits, flag| bits << 1 | u8::from(*flag));
        self.hash.update(&now_ms.to_le_bytes());
        self.hash.update(&flow.bits().to_le_bytes());
        self.hash.update(&[bits]);
        self.hash.update(&(segment.payload.len() as u32).to_le_bytes());
        self.hash.update(&segment.payload);
    }

    /// Collects the packets of all kernels, and sends them.
    pub(super) fn egress(&mut self, now_ms: u64) {
        self.pending_egress = false;
        self.pass_due_ms = None;
        let mut outbound = mem::take(&mut self.outbound);
        self.guard().egress_all(&mut outbound);
        for packet in outbound.drain(..) {
            let (Some(flow), Some(segment)) = (Flow::of(&packet), flow::tcp(&packet)) else {
                continue;
            };
            if !self.powered[flow.sender().0] {
                continue;
            }
            if segment.flags.syn {
                let half_open = segment.flags.ack;
                self.directions.insert(
                    flow,
                    Direction {
                        half_open,
                        ..Direction::default()
                    },
                );
            }
            if segment.flags.syn || segment.flags.rst {
                self.unanswered_syns.retain(|(syn, ..)| *syn != flow.reverse());
            }
            if let Some(sender) = self.directions.get_mut(&flow) {
                sender.emitted += segment.payload.len();
                sender.fin_due &= !segment.flags.fin;
                sender.reset |= segment.flags.rst;
                if !segment.flags.rst {
                    let flags = u32::from(segment.flags.syn) + u32::from(segment.flags.fin);
                    let next = segment.seq.wrapping_add(segment.payload.len() as u32 + flags);
                    (sender.seq, sender.ack, sender.window) = (next, segment.ack, segment.window);
                }
            }
            let Some(packet) = self.delay_ack(flow, packet) else {
                continue;
            };
            let order = self.next_order();
            self.transmit(now_ms, order, packet);
        }
        self.outbound = outbound;
        self.send_lone_acks(now_ms);
        for (flow, order, syn) in mem::take(&mut self.unanswered_syns) {
            self.block(now_ms, flow, order, syn); // the backlog was full
        }
        self.update_windows(now_ms);
    }

    /// Sends window updates. turmoil-net does so only when one read frees half the buffer, so a slow reader and its
    /// peer would wait for each other forever.
    fn update_windows(&mut self, now_ms: u64) {
        for flow in mem::take(&mut self.made_room) {
            let Some(reader) = self.directions.get_mut(&flow) else {
                continue;
            };
            reader.made_room = false;
            let free = RECEIVE_BUFFER_BYTES
                .saturating_sub(reader.readable())
                .min(usize::from(u16::MAX)) as u16;
            if reader.closed || free < reader.window.saturating_add(WINDOW_STEP_BYTES) {
                continue;
            }
            reader.window = free;
            let update = flow::ack(flow, reader.seq, reader.ack, free);
            let order = self.next_order();
            self.transmit(now_ms, order, update);
        }
    }

    /// Called when the application has read this number of bytes.
    pub(super) fn note_read(&mut self, flow: Flow, bytes: usize) {
        let Some(reader) = self.directions.get_mut(&flow) else {
            return;
        };
        reader.read += bytes;
        self.pending_egress |= bytes >= RECEIVE_BUFFER_BYTES / 2; // turmoil-net's own window update
        if !reader.made_room && reader.window < LOW_WINDOW_BYTES {
            reader.made_room = true;
            self.made_room.push(flow);
            self.pending_egress = true;
        }
    }

    /// Called when the application has written this number of bytes.
    pub(super) fn note_written(&mut self, flow: Option<Flow>, bytes: usize) {
        self.pending_egress = true;
        if let Some(writer) = flow.and_then(|flow| self.directions.get_mut(&flow)) {
            writer.written += bytes;
        }
    }

    /// Called when the application has shut down its half of the connection.
    pub(super) fn note_shutdown(&mut self, flow: Option<Flow>) {
        self.pending_egress = true;
        if let Some(writer) = flow.and_then(|flow| self.directions.get_mut(&flow)) {
            writer.fin_due = true;
        }
    }

    /// Called when the application has dropped its stream.
    pub(super) fn note_closed(&mut self, flow: Option<Flow>) {
        self.pending_egress = true;
        if let Some(direction) = flow.and_then(|flow| self.directions.get_mut(&flow)) {
            direction.closed = true;
            direction.reader = None;
        }
    }
}

fn receiver_is_closed(receiver: Option<&Direction>) -> bool {
    receiver.is_some_and(|receiver| receiver.closed)
}
