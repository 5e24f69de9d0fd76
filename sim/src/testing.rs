//! A small service for the harness's own tests: two shops that sell numbered seats, and a printer that prints tickets.

use crate::{
    calls::{CallError, CallSite},
    history::{Event, Seen},
    nemesis::Control,
    plan::Plan,
    service::{BadValue, Behaviour, MarkSpan, Observation, Op, Service, ServiceFault, Tone, WorldOptions},
    world::{Host, HostKind, Installed, NginxOptions, Process, RedisOptions, Scene, SentinelOptions, Start, World},
};
use seams::{Cause, Env, Failure};
use serde::{Deserialize, Serialize};
use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Shop;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct ShopWorld {
    pub(crate) latency_ms_max: u64,
    pub(crate) quorum: usize,
    pub(crate) opening: Vec<Opening>,
}

/// The time when a shop opens another row of seats, milliseconds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Opening {
    pub(crate) row: String,
    pub(crate) due_ms: u64,
}

impl Default for ShopWorld {
    fn default() -> ShopWorld {
        ShopWorld {
            latency_ms_max: 5,
            quorum: 2,
            opening: vec![],
        }
    }
}

impl WorldOptions for ShopWorld {
    fn check(&self) -> Result<(), BadValue> {
        match self.quorum {
            1..=3 => Ok(()),
            found => Err(BadValue {
                field: "world.quorum".into(),
                value: found.to_string(),
                must: "must be 1, 2 or 3: there are three Sentinels".into(),
            }),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "does", rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) enum Does {
    Shop,
    BuySeats { seats: u32, every_ms: u64 },
    Snipe { victim: String, after_ms: Vec<u64> },
}

impl Behaviour<Shop> for Does {
    fn others(&self) -> Vec<&str> {
        match self {
            Does::Snipe { victim, .. } => vec![victim],
            _ => vec![],
        }
    }
    fn is_attack(&self) -> bool {
        matches!(self, Does::Snipe { .. })
    }
    fn plainer(&self) -> Vec<Does> {
        match self {
            Does::BuySeats { .. } => vec![Does::Shop],
            _ => vec![],
        }
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "op", rename_all = "kebab-case")]
pub(crate) enum Did {
    Shop,
    Buy { seat: u32 },
    Look,
}

impl Op for Did {
    const KINDS: &'static [&'static str] = &["shop", "buy", "look"];
    const COMPOUND: &'static str = "shopping trips";
    fn describe(&self) -> String {
        match self {
            Did::Shop => "goes shopping".into(),
            Did::Buy { seat } => format!("buys seat {seat}"),
            Did::Look => "looks at the seats".into(),
        }
    }
    fn is_compound(&self) -> bool {
        *self == Did::Shop
    }
    fn describe_whole(&self) -> String {
        "shops".into()
    }
    fn detail(&self) -> Option<String> {
        match self {
            Did::Buy { seat } => Some(format!("seat {seat}")),
            _ => None,
        }
    }
    fn routine(&self, seen: &Seen, by_attacker: bool) -> Option<&'static str> {
        match (self, seen) {
            (Did::Look, Seen::Ok) => Some("looks at the seats"),
            (Did::Buy { .. }, Seen::Fail(_)) if by_attacker => Some("attempts of attackers that were refused"),
            _ => None,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub(crate) enum Ticket {
    Printed { seat: u32 },
    Jammed,
    Revoked { seat: u32 },
    Checked,
}

impl Observation<Shop> for Ticket {
    const NAMES: &'static [&'static str] = &["ticket printed", "printer jams", "ticket revoked", "ticket checked"];
    fn name(&self) -> &'static str {
        match self {
            Ticket::Printed { .. } => "ticket printed",
            Ticket::Jammed => "printer jams",
            Ticket::Revoked { .. } => "ticket revoked",
            Ticket::Checked => "ticket checked",
        }
    }
    fn describe(&self) -> String {
        match self {
            Ticket::Printed { seat } => format!("the ticket for seat {seat} is printed"),
            Ticket::Jammed => "the printer jams".into(),
            Ticket::Revoked { seat } => format!("loses seat {seat}"),
            Ticket::Checked => "a ticket is checked".into(),
        }
    }
    fn outcome(&self) -> (Tone, &'static str) {
        match self {
            Ticket::Printed { .. } => (Tone::Plain, ""),
            Ticket::Revoked { .. } => (Tone::Bad, ""),
            Ticket::Checked => (Tone::Good, "valid"),
            Ticket::Jammed => (Tone::Bad, "jammed"),
        }
    }
    fn filter(&self) -> Option<&'static str> {
        Some("printer")
    }
    fn is_alike(&self) -> bool {
        *self == Ticket::Jammed
    }
    fn routine(&self) -> Option<&'static str> {
        (*self == Ticket::Checked).then_some("tickets that were valid")
    }
    fn is_part_of(&self, op: &Did) -> bool {
        matches!((self, op), (Ticket::Printed { seat }, Did::Buy { seat: bought }) if seat == bought)
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "fault", rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) enum Trouble {
    Printer { jams: bool },
    OutOfPaper { lasts_ms: u64 },
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Trouble::Printer { jams: true } => f.write_str("the printer jams"),
            Trouble::Printer { jams: false } => f.write_str("the printer prints"),
            Trouble::OutOfPaper { lasts_ms } => write!(f, "there is no paper for {lasts_ms} ms"),
        }
    }
}

impl ServiceFault<Shop> for Trouble {
    const KINDS: &'static [&'static str] = &["printer", "out-of-paper"];
    fn hosts(&self) -> Vec<&str> {
        match self {
            Trouble::Printer { .. } => vec!["printer"],
            Trouble::OutOfPaper { .. } => vec![],
        }
    }
    fn lasts_ms(&self) -> Option<u64> {
        match self {
            Trouble::Printer { .. } => None,
            Trouble::OutOfPaper { lasts_ms } => Some(*lasts_ms),
        }
    }
    fn repairs(&self) -> bool {
        matches!(self, Trouble::Printer { jams: false })
    }
    fn is_ended_by(&self, _end: &Trouble) -> bool {
        true
    }
    fn inject(&self, control: &Control<'_, Shop>) {
        let jams = !self.repairs();
        control.shared().store(jams, Ordering::Relaxed);
    }
    fn heal(control: &Control<'_, Shop>) {
        control.shared().store(false, Ordering::Relaxed);
    }
}

/// The calls of a shop to its dependencies.
pub(crate) const CALLS: &[CallSite] = &[
    CallSite::new(
        "note sale",
        &[
            CallError {
                name: "full",
                failure: || Failure::Fail(Cause::Full("sales")),
                after_ms: 0,
            },
            CallError {
                name: "reset",
                failure: || Failure::Unknown(Cause::ConnectionLost("reset".into())),
                after_ms: 0,
            },
        ],
    )
    .within_ms(50),
    CallSite::new("close the till", &[]).unreached("no shop ever closes"),
];

/// A mistake of the shop's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mistake {
    /// Every third ticket repeats the seat of the sale before.
    RepeatsSeats,
    /// After its first sale it loops without waiting.
    Loops,
}

impl Service for Shop {
    type World = ShopWorld;
    type Behaviour = Does;
    type Op = Did;
    type Observation = Ticket;
    type Fault = Trouble;
    type Bug = Mistake;
    type Shared = Arc<AtomicBool>;

    const WRITES: &'static [&'static str] = &["seat stored"];
    const MARKS: &'static [&'static str] = &["a seat was sold"];
    const CALLS: &'static [CallSite] = CALLS;
    const MARK_SPANS: &'static [MarkSpan] = &[MarkSpan {
        begins: "shift begins",
        ends: "shift ends",
        label: "on duty",
    }];

    fn world(options: &ShopWorld) -> World<Shop> {
        let sentinel = SentinelOptions {
            quorum: options.quorum,
            ..SentinelOptions::default()
        };
        World::new()
            .latency_ms(1, options.latency_ms_max)
            .redis("redis", &RedisOptions::default())
            .sentinels("sentinel", 3, "redis", "seats", &sentinel)
            .host(Host::new("printer", HostKind::Peer, |_| {
                Installed::new(Box::new(|_| Box::pin(async {})))
            }))
            .service(["shop-1", "shop-2"], 8080, sell)
            .nginx("balancer", 80, "shop", 8080, &NginxOptions::default())
            .people_and_attackers("people", "attackers", act)
    }

    fn share(_: &Start<'_, Shop>) -> Arc<AtomicBool> {
        Arc::default()
    }

    fn name_of_write(command: &str, key: &str) -> Option<&'static str> {
        (command == "SET" && key.starts_with("seat:")).then_some("seat stored")
    }
}

async fn sell(process: Process<Shop>, env: Env) {
    let Ok(listener) = env.network.listen(8080).await else {
        return;
    };
    let mut sold = 0;
    while listener.accept().await.is_ok() {
        let note = async {
            env.mark("a sale was noted");
            Ok(())
        };
        if process.calls.around("note sale", note).await.is_err() {
            continue;
        }
        env.mark("a seat was sold");
        sold += 1;
        while process.bug == Some(Mistake::Loops) {
            tokio::task::yield_now().await;
        }
        if process.bug == Some(Mistake::RepeatsSeats) {
            let seat = sold - u32::from(sold % 3 == 0);
            process
                .recorder
                .note(&process.host, Event::Own(Ticket::Printed { seat }));
        }
    }
}

async fn act(scene: Scene<Shop>, who: String, does: Does) {
    let buy = async |seat| {
        let op = Did::Buy { seat };
        let asked = async {
            let connected = scene.env.network.connect("shop-1", 8080).await;
            connected.map_err(|error| Seen::Unknown(error.to_string()))
        };
        drop(scene.recorder.observe(&who, op, asked).await);
    };
    match does {
        Does::Shop => buy(1).await,
        Does::BuySeats { seats, .. } => {
            for seat in 0..seats {
                buy(seat).await;
            }
        }
        Does::Snipe { .. } => {}
    }
}

/// A history of the shop, written by hand.
pub(crate) type HistoryBuilder = crate::history::HistoryBuilder<Shop>;

/// The hosts of the shop's world.
pub(crate) fn hosts() -> Vec<(String, HostKind)> {
    let world = Shop::world(&ShopWorld::default());
    let hosts = world.hosts().map(|host| (host.name().to_owned(), host.kind()));
    hosts.collect()
}

/// A plan in which nobody does anything.
pub(crate) fn plan(lasts_ms: u64) -> Plan<Shop> {
    Plan::new("test", 1, lasts_ms)
}
