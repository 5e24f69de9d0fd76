//! The login service on a real stack: two replicas on the loopback interface, one SQLite file, a mail relay, and the
//! real Redis with its Sentinels. People, wiring, properties and planted bugs are those of the simulation.
//!
//! Inventory 7, 29, 39: the properties must also hold where a real Redis loses acknowledged writes.

mod leader;
mod names;
mod replica;
mod server;
pub mod specification;

pub use leader::compare as compare_leaders;

use crate::{
    people::{
        calm,
        person::Person,
        relying_party::RelyingParty,
        token_endpoint::{Presentation, present},
    },
    property::CodeRedeemedOnce,
    vocabulary::{ClientsTold, Evidence, History, Operators, PlantedBug, Property, Recorder, Seen},
    world::{CodeFeed, Inboxes, PeerMode, RelyingPartyOptions, Scene, SeenCode, hosts, mail},
};
use conformance::{
    Agreement, Unavailable,
    port::Port,
    process::Folder,
    stack::{
        Action::{Cut, Kill},
        EMPTY_SCRIPT, Link,
        Node::{Master, Replica},
        RealStack, ask,
    },
};
use idp::{hash::sha256_hex, http::client::Client, redemption::CODE, store::Key};
use replica::{fill_directory, reminded_address};
use seams_os::clock::Stopwatch;
use std::{io, path::Path, sync::Arc, time::Duration};
use tokio::time::{Instant, sleep};

/// The longest time for a step of people or the service.
const TIMEOUT: Duration = Duration::from_secs(30);
/// Number of reminders.
const REMINDERS: u64 = 8;
/// The leader's lease, as in production.
const LEASE: Duration = Duration::from_secs(10);

/// The observations of one login.
struct Redemption {
    /// The history that the property judges.
    history: History,
    /// Outcome of the first redemption, while Redis's replica is cut off from the master.
    first: Seen,
    /// Whether the new master has the code again after the failover; otherwise the run has tested nothing.
    live_again: bool,
    /// Outcome of the second redemption, at the other replica, after the failover.
    second: Seen,
    /// Number of reminders mailed; each was due once.
    reminded: usize,
}

/// Performs a redemption, a failover and a second redemption on the real stack. Takes about 20 s.
///
/// 1. A person logs in.
/// 2. The relying party redeems the code at one replica of the service, while Redis's replica is cut off.
/// 3. The Redis master is killed.
/// 4. The new master has the code again, and the code is presented at the other replica.
fn redeem_across_a_failover(bug: Option<&PlantedBug>) -> Result<Redemption, Unavailable> {
    runtime()?.block_on(async {
        let mut stack = RealStack::start(&EMPTY_SCRIPT).await?;
        stack.settle().await?;
        let folder = Folder::new("deployment").map_err(broken)?;
        // The reminders are due one after the other, during the whole failover.
        let due: Vec<Duration> = (0..REMINDERS).map(|n| Duration::from_secs(2 * n + 2)).collect();
        let deployment = Deployment::start(&stack, folder.path(), bug, LEASE, &due)
            .await
            .map_err(broken)?;
        deployment.redeem_twice(&mut stack).await
    })
}

/// Checks on the real stack that a code is redeemed once, with the property that also judges the simulation: it holds
/// for the service as it is, and is violated without the ledger.
///
/// # Errors
/// The real programs are not installed, or something does not start.
pub fn compare(bug: Option<&PlantedBug>) -> Result<Agreement, Unavailable> {
    let seen = redeem_across_a_failover(bug)?;
    let scenario = crate::suite()
        .find_scenario("failover_mid_redemption")
        .map_err(|error| broken(io::Error::other(error)))?
        .clone();
    let plan = scenario.plan(1); // the property reads only the history
    let operators = Operators::default(); // the real log is not read here
    let judged = CodeRedeemedOnce.check(&Evidence::new(&plan, &seen.history, &operators));
    let second = match bug {
        None => Seen::Fail("invalid_grant".to_owned()),
        Some(_) => Seen::Ok,
    };
    let expectations = [
        ("the first redemption succeeds", seen.first == Seen::Ok),
        ("the failover brings the code back", seen.live_again),
        ("the second redemption ends as expected", seen.second == second),
        ("the property decides as expected", judged.is_ok() == bug.is_none()),
        ("every reminder is mailed once", seen.reminded as u64 == REMINDERS),
    ];
    let seen = format!("first {:?}, second {:?}", seen.first, seen.second);
    Ok(agreement(&expectations, bug, &seen))
}

/// A runtime with two threads, as a replica has in production.
fn runtime() -> Result<tokio::runtime::Runtime, Unavailable> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(broken)
}

/// The result of a comparison: each expectation with whether it was observed.
fn agreement(expectations: &[(&str, bool)], bug: Option<&PlantedBug>, seen: &str) -> Agreement {
    let failed = expectations.iter().filter(|(_, holds)| !holds);
    let which = bug.map_or("as it is", |bug| bug.name);
    Agreement {
        compared: expectations.len() as u64,
        differences: failed
            .map(|(what, _)| format!("the service {which}: expected but not observed: {what}; {seen}"))
            .collect(),
        ..Agreement::default()
    }
}

fn broken(why: io::Error) -> Unavailable {
    Unavailable::broken("the login service", why)
}

struct Deployment {
    scene: Scene,
    replicas: Vec<replica::Replica>,
    relay: PeerMode,
    directory: String,
    _reserved: [Port; 5],
}

impl Deployment {
    async fn start(
        stack: &RealStack,
        folder: &Path,
        bug: Option<&PlantedBug>,
        lease: Duration,
        due: &[Duration],
    ) -> io::Result<Deployment> {
        let watch = Stopwatch::start();
        let (recorder, inboxes) = (
            Recorder::new(move || watch.elapsed_ms()),
            Inboxes::new(move || watch.elapsed_ms()),
        );
        let port = Port::reserve;
        let reserved = [port()?, port()?, port()?, port()?, port()?];
        let [relay, a, ops_a, b, ops_b] = reserved.each_ref().map(Port::number);
        let (env, mode) = (replica::env("mail"), PeerMode::default());
        let relaying = mail::serve(env.clone(), relay, mode.clone(), inboxes.clone(), recorder.clone());
        env.spawn(async move { drop(relaying.await) }); // if the port is taken, no mail comes
        let file = folder.join("directory.sqlite").display().to_string();
        let clients = vec![RelyingPartyOptions::standard().remove(0)];
        fill_directory(&file, &clients[0], due)
            .await
            .map_err(io::Error::other)?;
        let mut replicas = Vec::new();
        for (name, [port, ops_port]) in [hosts::IDP_A, hosts::IDP_B].into_iter().zip([[a, ops_a], [b, ops_b]]) {
            let ports = [port, ops_port, relay];
            replicas.push(replica::Replica::start(name, stack, &file, ports, lease, bug).await?);
        }
        let addresses: Vec<_> = replicas.iter().map(|replica| replica.address.clone()).collect();
        let scene = Scene {
            redis: vec![],
            redis_access: idp::config::RedisAccess::default(),
            env: replica::env("people"),
            recorder,
            inboxes,
            issuer: hosts::ISSUER.to_owned(),
            balancer: addresses[0].clone(),
            replicas: addresses,
            clients,
            seed: 1,
            codes: CodeFeed::default(),
            directory: file.clone(),
            odd: None,
            told: ClientsTold::XForwardedFor,
            pool: Default::default(),
            pause: Duration::ZERO,
        };
        Ok(Deployment {
            scene,
            replicas,
            relay: mode,
            directory: file,
            _reserved: reserved,
        })
    }

    async fn redeem_twice(self, stack: &mut RealStack) -> Result<Redemption, Unavailable> {
        let scene = &self.scene;
        let person = Arc::new(Person::new(scene, "ann", "ann", "ann"));
        let party = RelyingParty::new(scene, "ann", scene.clients[0].clone(), false);
        let (begun, until) = (party.begin(), Instant::now() + TIMEOUT);
        let code = calm::obtain_code(&person, &party, &begun, None, until).await;
        let code = code.map_err(|seen| broken(io::Error::other(format!("the person could not log in: {seen:?}"))))?;
        // The code itself must have reached Redis's replica.
        sleep(Duration::from_secs(1)).await;
        stack.apply(Cut(Link::Replication(Replica)));
        let first = redeem(scene, "ann", &code, 0).await;
        stack.apply(Kill(Master));
        let until = Instant::now() + TIMEOUT;
        let asks = |command: String| {
            let (env, port) = (scene.env.clone(), stack.port(Replica));
            async move { ask(&env, "redis", port, &[&command], 1_000).await }
        };
        while asks("ROLE".to_owned()).await != "master" && Instant::now() < until {
            sleep(Duration::from_millis(50)).await;
        }
        let key = Key::new(CODE, sha256_hex(&code.code));
        let live_again = asks(format!("EXISTS {key}")).await == "1";
        let second = loop {
            // Until the service has found the new master, it answers with errors, which do not use up the code.
            match redeem(scene, "thief", &code, 1).await {
                Seen::Unknown(_) if Instant::now() < until => sleep(Duration::from_millis(200)).await,
                Seen::Fail(told) if told != "invalid_grant" && Instant::now() < until => {
                    sleep(Duration::from_millis(200)).await;
                }
                seen => break seen,
            }
        };
        let reminders = |n: u64| scene.inboxes.count(&reminded_address(n));
        while (0..REMINDERS).any(|n| reminders(n) == 0) && Instant::now() < until {
            sleep(Duration::from_millis(200)).await;
        }
        sleep(Duration::from_secs(1)).await; // time for a duplicate mail to arrive
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
    let presentation = Presentation {
        basic: false,
        wrong_verifier: false,
        signed_out: false,
    };
    let client = Client::new(&scene.env);
    match present(scene, &client, who, code, &scene.replicas[replica], presentation).await {
        Ok(_) => Seen::Ok,
        Err(seen) => seen,
    }
}
