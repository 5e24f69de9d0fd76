//! The whole house for real: two replicas of the login service on a loopback, one SQLite file, a mail relay, and the
//! real Redis with its Sentinels. People, wiring, properties and planted bugs are those of the simulation.
//!
//! Inventory 7, 29, 39: what the service claims must hold where Redis breaks its word for real.

mod leader;
mod rooms;

pub use leader::compare as compare_leaders;

use super::{
    Agreement,
    port::Port,
    process::{Folder, Unavailable},
    stack::{
        Act::{Cut, Kill},
        Link,
        Node::{Master, Replica},
        PLAIN,
        ask::ask,
        real::Stack,
    },
};
use crate::{
    catalogue,
    planted::Planted,
    property::CodeRedeemedOnce,
    real_clock::Stopwatch,
    workload::{
        calm,
        person::Person,
        relying_party::RelyingParty,
        token_endpoint::{Presentation, present},
    },
};
use idp::{hash::sha256_hex, http::client::Client, redemption::CODE, store::Key};
use rooms::{furnish, sleeper};
use sim::{
    history::{History, Seen},
    operators::Operators,
    property::{Evidence, Property},
    recorder::Recorder,
    world::{CodeFeed, Inboxes, Manners, RelyingPartyOptions, Scene, SeenCode, hosts, mail},
};
use std::{io, path::Path, sync::Arc, time::Duration};
use tokio::time::{Instant, sleep};

/// How long people and the service may take for a step.
const PATIENCE: Duration = Duration::from_secs(30);
/// How many reminders there are.
const REMINDERS: u64 = 8;
/// The leader's, as in production.
const LEASE: Duration = Duration::from_secs(10);

/// What became of one login.
struct Redemption {
    /// What everybody saw, for the properties.
    history: History,
    /// The first redemption, at a master whose replica hears nothing any more.
    first: Seen,
    /// Whether the new master has the code again after the failover: without that nothing was tried.
    live_again: bool,
    /// The second redemption, at the other replica, after the failover.
    second: Seen,
    /// Reminders mailed: each was due once.
    reminded: usize,
}

/// Somebody logs in; the relying party redeems the code at one replica while Redis's own replica hears nothing; the
/// master is killed; the code, which the new master has again, is presented at the other replica. Takes some 20 s.
///
/// # Errors
/// The real programs are absent, or the house does not stand.
fn redeem_across_a_failover(bug: Option<&Planted>) -> Result<Redemption, Unavailable> {
    runtime()?.block_on(async {
        let mut stack = Stack::start(&PLAIN).await?;
        stack.settle().await?;
        let folder = Folder::new("house").map_err(broken)?;
        // One falls due after the other, all through the failover.
        let due: Vec<Duration> = (0..REMINDERS).map(|n| Duration::from_secs(2 * n + 2)).collect();
        let house = House::open(&stack, folder.path(), bug, LEASE, &due)
            .await
            .map_err(broken)?;
        house.live_through(&mut stack).await
    })
}

/// What the service claims, on the real stack: it holds as it is, and without the ledger it does not, as the same
/// property says that judges the simulation.
///
/// # Errors
/// The real programs are absent, or the house does not stand.
pub fn compare(bug: Option<&Planted>) -> Result<Agreement, Unavailable> {
    let seen = redeem_across_a_failover(bug)?;
    let scenario = catalogue::find("failover_mid_redemption").map_err(|error| broken(io::Error::other(error)))?;
    let plan = scenario.plan(1); // the property looks at the history alone
    let judged = CodeRedeemedOnce.check(&Evidence {
        plan: &plan,
        history: &seen.history,
        operators: &Operators::default(), // the real log is not read here
    });
    let second = match bug {
        None => Seen::Fail("invalid_grant".to_owned()),
        Some(_) => Seen::Ok,
    };
    let expectations = [
        ("the first redemption succeeds", seen.first == Seen::Ok),
        ("the failover brings the code back", seen.live_again),
        ("the second redemption ends as it must", seen.second == second),
        ("the property says so", judged.is_ok() == bug.is_none()),
        ("everybody is reminded once", seen.reminded as u64 == REMINDERS),
    ];
    let seen = format!("first {:?}, second {:?}", seen.first, seen.second);
    Ok(judged_by(&expectations, bug, &seen))
}

/// Two threads, as a replica has them for real.
fn runtime() -> Result<tokio::runtime::Runtime, Unavailable> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(broken)
}

/// What was to be, and whether it was.
fn judged_by(expectations: &[(&str, bool)], bug: Option<&Planted>, seen: &str) -> Agreement {
    let failed = expectations.iter().filter(|(_, holds)| !holds);
    let which = bug.map_or("as it is", |bug| bug.name);
    Agreement {
        compared: expectations.len() as u64,
        differences: failed
            .map(|(what, _)| format!("the service {which}: not so: {what}; {seen}"))
            .collect(),
        ..Agreement::default()
    }
}

fn broken(why: io::Error) -> Unavailable {
    Unavailable::broken("the house", why)
}

struct House {
    scene: Scene,
    replicas: Vec<rooms::Replica>,
    relay: Manners,
    directory: String,
    _reserved: [Port; 5],
}

impl House {
    async fn open(
        stack: &Stack,
        folder: &Path,
        bug: Option<&Planted>,
        lease: Duration,
        due: &[Duration],
    ) -> io::Result<House> {
        let watch = Stopwatch::start();
        let (recorder, inboxes) = (
            Recorder::new(move || watch.elapsed_ms()),
            Inboxes::new(move || watch.elapsed_ms()),
        );
        let port = Port::reserve;
        let reserved = [port()?, port()?, port()?, port()?, port()?];
        let [relay, a, ops_a, b, ops_b] = reserved.each_ref().map(Port::number);
        let (env, manners) = (rooms::env("mail"), Manners::healthy());
        let relaying = mail::serve(env.clone(), relay, manners.clone(), inboxes.clone(), recorder.clone());
        env.spawn(async move { drop(relaying.await) }); // a port that is taken shows: no mail comes
        let file = folder.join("directory.sqlite").display().to_string();
        let clients = vec![RelyingPartyOptions::standard().remove(0)];
        furnish(&file, &clients[0], due).await.map_err(io::Error::other)?;
        let mut replicas = Vec::new();
        for (name, [port, ops_port]) in hosts::REPLICAS.into_iter().zip([[a, ops_a], [b, ops_b]]) {
            let ports = [port, ops_port, relay];
            replicas.push(rooms::Replica::start(name, stack, &file, ports, lease, bug).await?);
        }
        let doors: Vec<_> = replicas.iter().map(|replica| replica.door.clone()).collect();
        let scene = Scene {
            env: rooms::env("people"),
            recorder,
            inboxes,
            issuer: hosts::ISSUER.to_owned(),
            balancer: doors[0].clone(),
            replicas: doors,
            clients,
            seed: 1,
            codes: CodeFeed::default(),
        };
        Ok(House {
            scene,
            replicas,
            relay: manners,
            directory: file,
            _reserved: reserved,
        })
    }

    async fn live_through(self, stack: &mut Stack) -> Result<Redemption, Unavailable> {
        let scene = &self.scene;
        let person = Arc::new(Person::new(scene, "ann", "ann", "ann"));
        let party = RelyingParty::new(scene, "ann", scene.clients[0].clone(), false);
        let (begun, until) = (party.begin(), Instant::now() + PATIENCE);
        let code = calm::obtain_code(&person, &party, &begun, None, until).await;
        let code = code.map_err(|seen| broken(io::Error::other(format!("nobody could log in: {seen:?}"))))?;
        // The code itself must have reached the replica.
        sleep(Duration::from_secs(1)).await;
        stack.befall(Cut(Link::Replication(Replica)));
        let first = redeem(scene, "ann", &code, 0).await;
        stack.befall(Kill(Master));
        let until = Instant::now() + PATIENCE;
        let asks = |command: String| {
            let (env, port) = (scene.env.clone(), stack.ports[Replica as usize]);
            async move { ask(&env, "redis", port, &[&command], 1_000).await }
        };
        while asks("ROLE".to_owned()).await != "master" && Instant::now() < until {
            sleep(Duration::from_millis(50)).await;
        }
        let key = Key::new(CODE, sha256_hex(&code.code));
        let live_again = asks(format!("EXISTS {key}")).await == "1";
        let second = loop {
            // Until the replica has found the new master it answers that it cannot; the code is not spent by that.
            match redeem(scene, "thief", &code, 1).await {
                Seen::Unknown(_) if Instant::now() < until => sleep(Duration::from_millis(200)).await,
                Seen::Fail(told) if told != "invalid_grant" && Instant::now() < until => {
                    sleep(Duration::from_millis(200)).await;
                }
                seen => break seen,
            }
        };
        let reminders = |n: u64| scene.inboxes.count(&sleeper(n));
        while (0..REMINDERS).any(|n| reminders(n) == 0) && Instant::now() < until {
            sleep(Duration::from_millis(200)).await;
        }
        sleep(Duration::from_secs(1)).await; // for one mail too many
        Ok(Redemption {
            history: scene.recorder.history(),
            first,
            live_again,
            second,
            reminded: (0..REMINDERS).map(reminders).sum(),
        })
    }
}

async fn redeem(scene: &Scene, who: &str, code: &SeenCode, replica: usize) -> Seen {
    let manner = Presentation {
        basic: false,
        wrong_verifier: false,
    };
    let client = Client::new(&scene.env);
    match present(scene, &client, who, code, &scene.replicas[replica], manner).await {
        Ok(_) => Seen::Ok,
        Err(seen) => seen,
    }
}
