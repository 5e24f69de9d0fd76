//! A copy of the traffic, for reports. It does not change the run.

use super::{HostId, flow::Flow};
use bytes::Bytes;
use std::collections::BTreeMap;
use turmoil_net::TcpSegment;

/// A segment with a payload, a SYN or a RST. Bare acknowledgements and FINs are left out.
#[derive(Debug, Clone)]
pub struct Carried {
    /// When the sender's kernel first sent it, simulated milliseconds.
    pub sent_ms: u64,
    /// When it arrived, simulated milliseconds; `None` if it had not arrived by the end of the run. A lost segment is
    /// retransmitted and arrives late.
    pub arrived_ms: Option<u64>,
    /// The sender.
    pub from: HostId,
    /// Port of the sender.
    pub from_port: u16,
    /// The receiver.
    pub to: HostId,
    /// Port of the receiver.
    pub to_port: u16,
    /// The kind of segment.
    pub kind: CarriedKind,
    /// The payload.
    pub payload: Bytes,
}

/// The kind of a segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CarriedKind {
    /// It carries bytes of the application.
    Data,
    /// It requests a connection.
    Connect,
    /// It resets or refuses a connection.
    Reset,
}

/// The copies, by order of sending.
#[derive(Default)]
pub(super) struct Tap {
    carried: BTreeMap<u64, Carried>,
}

impl Tap {
    /// Called when a packet leaves its kernel, for the first time or again.
    pub(super) fn sent(&mut self, now_ms: u64, order: u64, flow: Flow, segment: &TcpSegment) {
        let flags = segment.flags;
        let kind = match (flags.rst, flags.syn && !flags.ack, segment.payload.is_empty()) {
            (true, ..) => CarriedKind::Reset,
            (_, true, _) => CarriedKind::Connect,
            (_, _, false) => CarriedKind::Data,
            _ => return,
        };
        self.carried.entry(order).or_insert_with(|| Carried {
            sent_ms: now_ms,
            arrived_ms: None,
            from: flow.sender(),
            from_port: flow.sender_port(),
            to: flow.receiver(),
            to_port: flow.receiver_port(),
            kind,
            payload: segment.payload.clone(),
        });
    }

    /// Called when a packet reaches its host.
    pub(super) fn arrived(&mut self, now_ms: u64, order: u64) {
        if let Some(carried) = self.carried.get_mut(&order) {
            carried.arrived_ms.get_or_insert(now_ms);
        }
    }

    /// All copies so far, in the order of sending.
    pub(super) fn take(self) -> Vec<Carried> {
        self.carried.into_values().collect()
    }
}
