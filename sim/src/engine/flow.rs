//! The engine's state of connections. A flow is one direction of one connection.

use super::HostId;
use std::{
    collections::BTreeMap,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    task::Waker,
};
use turmoil_net::{Packet, TcpFlags, TcpSegment, Transport};

/// Number of hosts for each value of an address's third byte.
const HOSTS_PER_BYTE: usize = 250;
/// The largest number of hosts.
pub(super) const HOSTS_MAX: usize = 255 * HOSTS_PER_BYTE;

/// The address of a host: `10.0.x.y`.
pub(super) fn ip_of(host: HostId) -> IpAddr {
    IpAddr::V4(Ipv4Addr::new(
        10,
        0,
        (host.0 / HOSTS_PER_BYTE) as u8,
        (host.0 % HOSTS_PER_BYTE) as u8 + 1,
    ))
}

/// The host for which [`ip_of`] returns this address, whether or not it is declared.
pub(crate) fn host_of(ip: IpAddr) -> Option<HostId> {
    match ip {
        IpAddr::V4(ip) => match ip.octets() {
            [10, 0, high, low @ 1..=250] => Some(HostId(usize::from(high) * HOSTS_PER_BYTE + usize::from(low) - 1)),
            _ => None,
        },
        IpAddr::V6(_) => None,
    }
}

/// One direction of a connection, in one word, because a flow is looked up for every packet. Flows are ordered by
/// sender first, because a power loss removes all flows of one sender.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Flow(u64);

impl Flow {
    /// The flow between two addresses; `None` if one of them is not that of a simulated host.
    pub(super) fn between(from: SocketAddr, to: SocketAddr) -> Option<Flow> {
        Some(Flow::new(
            host_of(from.ip())?,
            from.port(),
            host_of(to.ip())?,
            to.port(),
        ))
    }

    fn new(from: HostId, from_port: u16, to: HostId, to_port: u16) -> Flow {
        Flow((from.0 as u64) << 48 | u64::from(from_port) << 32 | (to.0 as u64) << 16 | u64::from(to_port))
    }

    pub(super) fn of(packet: &Packet) -> Option<Flow> {
        let segment = tcp(packet)?;
        Some(Flow::new(
            host_of(packet.src)?,
            segment.src_port,
            host_of(packet.dst)?,
            segment.dst_port,
        ))
    }

    pub(super) fn reverse(self) -> Flow {
        Flow(self.0.rotate_left(32))
    }

    pub(super) fn sender(self) -> HostId {
        HostId((self.0 >> 48) as usize)
    }

    pub(super) fn receiver(self) -> HostId {
        self.reverse().sender()
    }

    pub(super) fn sender_port(self) -> u16 {
        (self.0 >> 32) as u16
    }

    pub(super) fn receiver_port(self) -> u16 {
        self.0 as u16
    }

    pub(super) fn bits(self) -> u64 {
        self.0
    }

    #[cfg(test)]
    pub(super) fn from_bits(bits: u64) -> Flow {
        Flow(bits)
    }
}

/// The engine's state of one direction of a connection: the state of its sender.
#[derive(Default)]
pub(super) struct Direction {
    /// Lost packets, by order of sending. They are sent again when the timer fires.
    pub(super) blocked: BTreeMap<u64, Packet>,
    /// The retransmission timer: its key in `timers` of [`super::wire::Wire`].
    pub(super) timer: Option<(u64, u64)>,
    /// A bare acknowledgement that waits to be sent with data, and its key in `held_acks` of [`super::wire::Wire`].
    pub(super) held_ack: Option<((u64, u64), Packet)>,
    /// When the oldest unacknowledged arrival must be acknowledged, milliseconds.
    pub(super) ack_due_ms: Option<u64>,
    /// Bytes that have arrived and are not acknowledged.
    pub(super) unacked: usize,
    /// The peer's FIN has arrived.
    pub(super) peer_ended: bool,
    /// Current retransmission time-out, milliseconds.
    pub(super) rto_ms: u64,
    /// Sequence number after the last segment that the sender's kernel sent.
    pub(super) seq: u32,
    /// Acknowledgement and window of the last segment sent.
    pub(super) ack: u32,
    pub(super) window: u16,
    /// Bytes received from the peer in total.
    pub(super) received: usize,
    /// Bytes of `received` that the sender's application has read.
    pub(super) read: usize,
    /// The task that waits for more data.
    pub(super) reader: Option<Waker>,
    /// Bytes that the sender's application has written (`written`) and that its kernel has sent (`emitted`).
    pub(super) written: usize,
    pub(super) emitted: usize,
    /// The application has shut down its half, and the FIN has not been sent yet.
    pub(super) fin_due: bool,
    /// A RST was received or sent.
    pub(super) reset: bool,
    /// The flow is in the list of receivers that have room again.
    pub(super) made_room: bool,
    /// The sender's application has dropped its stream.
    pub(super) closed: bool,
    /// A SYN-ACK was sent, and nothing has been received since.
    pub(super) half_open: bool,
    /// It was reset before it was established: `accept` must not return it.
    pub(super) dead: bool,
    /// It belongs to a process that was killed: data that the process sent still arrives, and bare acknowledgements of
    /// it are ignored.
    pub(super) ghost: bool,
}

impl Direction {
    /// Bytes that the sender's application has not read yet.
    pub(super) fn readable(&self) -> usize {
        self.received.saturating_sub(self.read)
    }

    /// Whether the sender's application has read everything that has arrived, and no FIN or RST has arrived.
    pub(super) fn has_nothing_to_read(&self) -> bool {
        self.readable() == 0 && !(self.peer_ended || self.reset || self.dead || self.ghost)
    }

    pub(super) fn wake_when_readable(&mut self, waker: &Waker) {
        match &mut self.reader {
            Some(known) => known.clone_from(waker),
            none => *none = Some(waker.clone()),
        }
    }

    /// Whether the sender's kernel will send nothing in reaction to a bare acknowledgement, because the connection is
    /// open and everything has been sent. Most packets are bare acknowledgements, and polling the kernels of all hosts
    /// is the largest cost.
    pub(super) fn stays_silent_on_ack(&self) -> bool {
        let is_open = !(self.half_open || self.closed || self.dead || self.ghost || self.reset);
        is_open && !self.fin_due && self.written == self.emitted
    }
}

pub(super) fn tcp(packet: &Packet) -> Option<&TcpSegment> {
    match &packet.payload {
        Transport::Tcp(segment) => Some(segment),
        Transport::Udp(_) => None,
    }
}

/// Whether a packet is a bare acknowledgement, which any later segment of the flow replaces.
pub(super) fn is_pure_ack(packet: &Packet) -> bool {
    tcp(packet).is_some_and(|s| s.payload.is_empty() && !s.flags.syn && !s.flags.fin && !s.flags.rst)
}

/// Whether a packet carries bytes of the application, or a FIN.
pub(super) fn carries_something(packet: &Packet) -> bool {
    tcp(packet).is_some_and(|segment| !segment.payload.is_empty() || segment.flags.fin)
}

/// Whether a segment requests a connection.
pub(super) fn is_syn(segment: &TcpSegment) -> bool {
    segment.flags.syn && !segment.flags.ack
}

/// Whether a RST was sent by the kernel's own decision, not in reply to a segment. turmoil-net's reply to a segment
/// with an ACK is a RST without one, and its reply to a SYN has sequence number 0.
pub(super) fn is_unprovoked_reset(segment: &TcpSegment) -> bool {
    segment.flags.rst && segment.flags.ack && segment.seq != 0
}

/// A segment made by the engine.
fn forge(flow: Flow, seq: u32, ack: u32, window: u16, rst: bool) -> Packet {
    Packet {
        src: ip_of(flow.sender()),
        dst: ip_of(flow.receiver()),
        ttl: 64,
        payload: Transport::Tcp(TcpSegment {
            src_port: flow.sender_port(),
            dst_port: flow.receiver_port(),
            seq,
            ack,
            window,
            flags: TcpFlags {
                ack: true,
                rst,
                ..TcpFlags::default()
            },
            payload: bytes::Bytes::new(),
        }),
    }
}

pub(super) fn ack(flow: Flow, seq: u32, ack: u32, window: u16) -> Packet {
    forge(flow, seq, ack, window, false)
}

pub(super) fn reset(flow: Flow, seq: u32, ack: u32) -> Packet {
    forge(flow, seq, ack, 0, true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_flows_go_both_ways() {
        for host in [0, 1, 249, 250, 777, HOSTS_MAX - 1].map(HostId) {
            assert_eq!(host_of(ip_of(host)), Some(host));
        }
        assert_eq!(host_of(IpAddr::V4(Ipv4Addr::LOCALHOST)), None);
        let flow = Flow::new(HostId(3), 49_152, HostId(260), 6379);
        assert_eq!(
            (flow.sender(), flow.sender_port(), flow.receiver(), flow.receiver_port()),
            (HostId(3), 49_152, HostId(260), 6379)
        );
        assert_eq!(flow.reverse(), Flow::new(HostId(260), 6379, HostId(3), 49_152));
        assert_eq!(Flow::of(&ack(flow, 1, 2, 3)), Some(flow));
    }
}
