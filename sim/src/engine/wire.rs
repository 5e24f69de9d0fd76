//! The wire: packets in transit, lost packets and their retransmission.
//!
//! turmoil-net 0.1.0 never repeats the acknowledgement of a segment that it has already received (so a lost ACK would
//! break the connection), and counts retransmissions in passes, not in time. So the wire loses no packet that TCP would
//! deliver in the end: **a lost packet is a late packet**, delivered when a retransmission would have arrived. The
//! kernels' own retransmission is off.

use super::{
    EngineConfig, HostId, LinkConfig,
    arrivals::{Deliveries, Key},
    flow::{self, Direction, Flow},
    link::Link,
    seed,
    table::Table,
    tap::Tap,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    mem,
    net::IpAddr,
    sync::Arc,
};
use turmoil_net::{EnterGuard, KernelConfig, Net, NetstatState, Packet};
use xxhash_rust::xxh3::Xxh3;

/// First retransmission of a lost segment, milliseconds: Linux's lower bound of the RTO.
const RTO_MS: u64 = 200;
/// First retransmission of a lost SYN, milliseconds (RFC 6298 section 2.1).
const RTO_SYN_MS: u64 = 1_000;
/// Upper bound of the doubled time-out, milliseconds (Linux's `TCP_RTO_MAX`).
const RTO_MAX_MS: u64 = 120_000;
/// At least 65,535, because a SYN always advertises that much.
pub(super) const RECEIVE_BUFFER_BYTES: usize = 65_536;

/// The kernels before and after they can run: turmoil-net accepts no new hosts once it is entered.
enum Kernels {
    Declared(Box<Net>),
    Entered(EnterGuard),
}

pub(super) struct Wire {
    kernels: Kernels,
    seed: u64,
    default_link: LinkConfig,
    names: Vec<Arc<str>>,
    /// Whether each host has power; without power, no packet leaves or reaches the host.
    pub(super) powered: Vec<bool>,
    /// Ports on which nothing listens at present although the kernel still holds the socket; see [`super::socket`].
    pub(super) shut_ports: BTreeSet<(HostId, u16)>,
    links: Table<(HostId, HostId), Link>,
    pub(super) directions: Table<Flow, Direction>,
    /// Packets in transit, by time of arrival and order of sending.
    pub(super) under_way: BTreeMap<Key, (Flow, Packet)>,
    /// The order of the packets that arrive in this instant.
    pub(super) deliveries: Deliveries,
    /// Retransmission timers, by time and order.
    timers: BTreeMap<(u64, u64), Flow>,
    /// Bare acknowledgements that are held back, by the time when they are sent alone.
    pub(super) held_acks: BTreeMap<(u64, u64), Flow>,
    /// Flows whose acknowledgement was held back in this pass.
    pub(super) newly_held: Vec<Flow>,
    /// The latest time for the next poll of the kernels, because an acknowledgement is due, milliseconds.
    pub(super) pass_due_ms: Option<u64>,
    /// SYNs delivered and not yet answered. If one is left at the end of a pass, the backlog was full.
    pub(super) unanswered_syns: Vec<(Flow, u64, Packet)>,
    /// Receivers that have made room since the last pass.
    pub(super) made_room: Vec<Flow>,
    /// Whether a kernel may have packets to send: since the last pass a packet arrived that needs an answer, or a
    /// socket was opened, written to or closed.
    pub(super) pending_egress: bool,
    pub(super) outbound: Vec<Packet>,
    pub(super) next_order: u64,
    pub(super) hash: Xxh3,
    pub(super) sent: u64,
    pub(super) lost: u64,
    pub(super) repeated: u64,
    pub(super) delivered: u64,
    /// Copies of sent segments, if they were requested.
    pub(super) tap: Option<Box<Tap>>,
}

impl Wire {
    pub(super) fn new(config: &EngineConfig) -> Wire {
        let kernels = KernelConfig::default()
            .retx_threshold(u32::MAX)
            .recv_buf_cap(RECEIVE_BUFFER_BYTES);
        Wire {
            kernels: Kernels::Declared(Box::new(Net::with_config(kernels))),
            seed: config.seed,
            default_link: LinkConfig {
                latency_ms: config.latency_ms,
                added_ms: 0,
                loss: 0.0,
            },
            names: Vec::new(),
            powered: Vec::new(),
            shut_ports: BTreeSet::new(),
            links: Table::default(),
            directions: Table::default(),
            under_way: BTreeMap::new(),
            deliveries: Deliveries::new(config.arrival_order, config.seed),
            timers: BTreeMap::new(),
            held_acks: BTreeMap::new(),
            newly_held: Vec::new(),
            pass_due_ms: None,
            unanswered_syns: Vec::new(),
            made_room: Vec::new(),
            pending_egress: false,
            outbound: Vec::new(),
            next_order: 0,
            hash: Xxh3::new(),
            sent: 0,
            lost: 0,
            repeated: 0,
            delivered: 0,
            tap: None,
        }
    }

    pub(super) fn add_host(&mut self, name: Arc<str>, ip: IpAddr) -> turmoil_net::HostId {
        let Kernels::Declared(net) = &mut self.kernels else {
            panic!("{name}: declare all hosts before the first start or run");
        };
        self.names.push(name);
        self.powered.push(false);
        net.add_host(ip)
    }

    pub(super) fn is_entered(&self) -> bool {
        matches!(self.kernels, Kernels::Entered(_))
    }

    /// Enters the kernels: from now on sockets work on this thread, and no host can be added.
    pub(super) fn enter(&mut self) {
        if let Kernels::Declared(net) = &mut self.kernels {
            self.kernels = Kernels::Entered(mem::take(&mut **net).enter());
        }
    }

    /// The entered kernels.
    pub(super) fn guard(&self) -> &EnterGuard {
        match &self.kernels {
            Kernels::Entered(guard) => guard,
            Kernels::Declared(_) => unreachable!("the engine enters its network before it runs anything"),
        }
    }

    pub(super) fn link(&mut self, from: HostId, to: HostId) -> &mut Link {
        let (seed, names, config) = (self.seed, &self.names, self.default_link);
        self.links
            .entry((from, to))
            .or_insert_with(|| Link::new(config, seed::stream(seed, &["link", &names[from.0], &names[to.0]])))
    }

    /// The next time at which the wire has something to do, milliseconds.
    pub(super) fn next_event_ms(&self) -> Option<u64> {
        let first_packet = self.under_way.first_key_value().map(|(key, _)| key.0);
        let first_timer = self.timers.first_key_value().map(|(key, _)| key.0);
        let first_ack = self.held_acks.first_key_value().map(|(key, _)| key.0);
        [first_packet, first_timer, first_ack, self.pass_due_ms]
            .into_iter()
            .flatten()
            .min()
    }

    pub(super) fn next_order(&mut self) -> u64 {
        self.next_order += 1;
        self.next_order
    }

    fn arrival(&mut self, now_ms: u64, flow: Flow) -> Option<u64> {
        let open = self.powered[flow.receiver().0];
        self.link(flow.sender(), flow.receiver()).draw(now_ms, open)
    }

    /// Sends a packet, or stores it for its flow's next retransmission. `order` is its position among all packets sent.
    pub(super) fn transmit(&mut self, now_ms: u64, order: u64, packet: Packet) {
        let Some(flow) = Flow::of(&packet) else { return };
        self.sent += 1;
        if let (Some(tap), Some(segment)) = (&mut self.tap, flow::tcp(&packet)) {
            tap.sent(now_ms, order, flow, segment);
        }
        let arrival = self.arrival(now_ms, flow);
        if arrival.is_none() {
            self.lost += 1;
        }
        let direction = self.directions.entry(flow).or_default();
        if let Some(segment) = flow::tcp(&packet)
            && segment.flags.rst
        {
            direction.blocked.clear();
            // A RST of the kernel's own decision is sent only once. A RST in reply to a segment would be sent again for
            // every retransmission of that segment.
            if arrival.is_none() && flow::is_unprovoked_reset(segment) {
                return;
            }
        }
        let is_data = !flow::is_pure_ack(&packet);
        let behind_data = is_data && direction.blocked.values().any(|blocked| !flow::is_pure_ack(blocked));
        match arrival {
            Some(at_ms) if !behind_data => {
                // The packet replaces a lost ACK, but must arrive after it: turmoil-net drops the data of a segment
                // that completes a handshake.
                if direction.blocked.values().all(flow::is_pure_ack) {
                    direction.timer = None;
                    for (earlier, blocked) in mem::take(&mut direction.blocked) {
                        self.under_way.insert((at_ms, earlier), (flow, blocked));
                    }
                }
                self.under_way.insert((at_ms, order), (flow, packet));
            }
            _ => self.block(now_ms, flow, order, packet),
        }
    }

    /// Stores a lost packet for its flow's next retransmission.
    pub(super) fn block(&mut self, now_ms: u64, flow: Flow, order: u64, packet: Packet) {
        let is_handshake = flow::tcp(&packet).is_some_and(|segment| segment.flags.syn);
        let direction = self.directions.entry(flow).or_default();
        if flow::is_pure_ack(&packet) {
            direction.blocked.retain(|_, blocked| !flow::is_pure_ack(blocked));
        }
        direction.blocked.insert(order, packet);
        if direction.timer.is_none() {
            direction.rto_ms = if is_handshake { RTO_SYN_MS } else { RTO_MS };
            let key = (now_ms + direction.rto_ms, order);
            direction.timer = Some(key);
            self.timers.insert(key, flow);
        }
    }

    /// Fires the retransmission timers that are due.
    pub(super) fn retransmit_due(&mut self, now_ms: u64) {
        while let Some(first) = self.timers.first_entry()
            && first.key().0 <= now_ms
        {
            let (key, flow) = first.remove_entry();
            let Some(direction) = self.directions.get(&flow) else {
                continue;
            };
            if direction.timer != Some(key) {
                continue;
            }
            let first_blocked = direction.blocked.values().next();
            let is_connect = first_blocked.and_then(flow::tcp).is_some_and(flow::is_syn);
            let given_up = first_blocked.is_none() || (is_connect && !is_connecting(flow));
            let arrival = if given_up { None } else { self.arrival(now_ms, flow) };
            let Some(direction) = self.directions.get_mut(&flow) else {
                continue;
            };
            direction.timer = None;
            if given_up {
                direction.blocked.clear();
                continue;
            }
            let Some(at_ms) = arrival else {
                self.lost += 1;
                direction.rto_ms = (direction.rto_ms * 2).min(RTO_MAX_MS);
                let key = (now_ms + direction.rto_ms, key.1);
                direction.timer = Some(key);
                self.timers.insert(key, flow);
                continue;
            };
            self.repeat_blocked(now_ms, at_ms, flow);
        }
    }

    /// Called when a retransmission gets through: sends all stored packets. The first one certainly arrives, the others
    /// may be lost again.
    fn repeat_blocked(&mut self, now_ms: u64, at_ms: u64, flow: Flow) {
        let Some(direction) = self.directions.get_mut(&flow) else {
            return;
        };
        let (ack, window) = (direction.ack, direction.window);
        let mut first = true;
        for (order, mut packet) in mem::take(&mut direction.blocked) {
            self.repeated += 1;
            if let turmoil_net::Transport::Tcp(segment) = &mut packet.payload
                && segment.flags.ack
                && !segment.flags.rst
            {
                // A retransmitted segment carries the current acknowledgement, not the original one.
                (segment.ack, segment.window) = (ack, window);
            }
            if mem::take(&mut first) {
                self.under_way.insert((at_ms, order), (flow, packet));
            } else {
                self.transmit(now_ms, order, packet);
            }
        }
    }
}

/// Whether the flow's sender still waits for its connect. The SYN of a cancelled connect is not retransmitted.
fn is_connecting(flow: Flow) -> bool {
    let peer = (flow::ip_of(flow.receiver()), flow.receiver_port()).into();
    turmoil_net::netstat(flow::ip_of(flow.sender()))
        .entries
        .iter()
        .any(|socket| {
            socket.state == Some(NetstatState::SynSent)
                && socket.local.port() == flow.sender_port()
                && socket.peer == Some(peer)
        })
}
