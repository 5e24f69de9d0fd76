//! Those who come to the real service: the code is that of the simulation's people and adversary.

use super::Progress;
use crate::{
    availability, limits, mailed_code,
    oddities::{self, Odd, Tried, ends},
    people::{
        calm::{self, Style},
        person::Person,
    },
    service::perform,
    session::logged_in,
    vocabulary::{Behaviour, Operation, Plan, WorldOptions},
    world::{RelyingPartyOptions, Scene},
};
use seams::BoxFuture;
use sim::world::join_all;
use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};
use tokio::time::sleep;

/// How many people come for one client at most, and how many at the same time.
const PEOPLE_MAX: u32 = 90;
const AT_ONCE: u32 = 6;
/// The longest end that there is time to wait for: that of an authorization code.
const WAITS_S_MAX: u64 = 60;
/// Between two reports of progress.
const REPORT: Duration = Duration::from_secs(5);
/// How long the operators' monitor goes on when everybody is gone: by then the last mails and events have come.
const AFTER: Duration = Duration::from_secs(5);

/// Asks for the replicas' health until everybody has gone; its last question may have no answer.
pub(super) const MONITOR: &str = "monitor";

/// In which way a client comes.
struct Guise {
    name: &'static str,
    client: RelyingPartyOptions,
    /// How it proves itself, if it has a secret.
    basic: bool,
    /// Whether its people turn to one replica, past the balancer.
    is_past_the_balancer: bool,
}

/// A public client; a confidential one that proves itself in either way; and an application on a person's computer.
fn guises() -> Vec<Guise> {
    let mut standard = RelyingPartyOptions::standard();
    let (grafana, web) = (standard.remove(1), standard.remove(0));
    let guise = |name, client: &RelyingPartyOptions, basic, is_past_the_balancer| Guise {
        name,
        client: client.clone(),
        basic,
        is_past_the_balancer,
    };
    let native = RelyingPartyOptions::native("http://127.0.0.1:49152/callback");
    vec![
        guise("web", &web, false, false),
        guise("grafana-header", &grafana, true, false),
        guise("grafana-form", &grafana, false, false),
        guise("cli", &native, false, true),
    ]
}

/// Those who break rules, by name, so that the directory knows them: each has an address of their own, so that no limit of one
/// concerns another.
fn breakers(guise: &Guise) -> impl Iterator<Item = String> + use<> {
    let name = guise.name;
    (0..=PEOPLE_MAX).map(move |n| format!("{name}-{n}"))
}

/// Everybody whom the directory has to know, with what they do; of those who break rules not more than that.
pub(super) fn operations(world: &WorldOptions) -> Vec<Operation> {
    let mut all = others(world);
    let breaks_rules = oddities::Behaviour::BreakRules {
        changes: 0,
        client_auth: None,
    };
    for who in guises().iter().flat_map(breakers) {
        all.push(operation(who, breaks_rules.clone()));
    }
    all
}

fn operation(who: String, does: impl Into<Behaviour>) -> Operation {
    Operation {
        at_ms: 0,
        who,
        does: does.into(),
    }
}

/// Those who ask otherwise, come late or again, and those who try the limits.
fn others(world: &WorldOptions) -> Vec<Operation> {
    let mut turn = 0;
    let after_ms = || {
        turn += 1;
        [500, 5_000, 6_500][turn % 3]
    };
    let mut all: Vec<Behaviour> = oddities::asking_otherwise(after_ms)
        .into_iter()
        .map(Into::into)
        .collect();
    let waiting = ends::waiting(world).into_iter().filter(|one| one.ends_s <= WAITS_S_MAX);
    all.extend(waiting.map(|one| Behaviour::from(one.does)));
    all.extend((0..4).map(|_| Behaviour::from(mailed_code::Behaviour::LogIn)));
    let odd = all.into_iter().enumerate();
    let mut all: Vec<Operation> = odd.map(|(n, does)| operation(format!("odd-{}", n + 1), does)).collect();
    let guess = limits::Behaviour::Guess {
        victim: "guessed".into(),
        guesses: 20,
        every_ms: 100,
        in_one_place: false,
        known_as: None,
    };
    let flood = limits::Behaviour::Flood {
        victim: "flooded".into(),
        sends: 8,
        every_ms: 300,
        in_one_place: false,
    };
    all.push(operation("guesser".into(), guess));
    all.push(operation("flooder".into(), flood));
    all
}

/// Lets all of them come. They have gone when this returns.
pub(super) async fn come(scene: &Scene, world: &WorldOptions, tried: &Tried, progress: Progress<'_>) {
    let everybody = async {
        // What everybody sends is known, and what others have sent, before anything is changed.
        let first = guises()
            .into_iter()
            .map(|guise| look(scene.clone(), guise, tried.clone()));
        join_all(&scene.env, first).await;
        let mut all: Vec<BoxFuture<'static, ()>> = vec![];
        for guise in guises() {
            let (guise, next) = (Arc::new(guise), Arc::new(AtomicU32::new(1)));
            for _ in 0..AT_ONCE {
                let (guise, next, tried) = (guise.clone(), next.clone(), tried.by(guise.name));
                all.push(Box::pin(break_rules(scene.clone(), guise, next, tried)));
            }
        }
        for Operation { who, does, .. } in others(world) {
            let scene = scene.clone();
            let again_ms = match &does {
                Behaviour::Oddity(oddities::Behaviour::ComeAgain {
                    after_ms, and_after_ms, ..
                }) => *after_ms.max(and_after_ms),
                _ => 0,
            };
            all.push(Box::pin(async move {
                perform(&scene, &who, does, &who).await;
                sleep(Duration::from_millis(again_ms)).await; // what comes again is nobody's to wait for
            }));
        }
        join_all(&scene.env, all).await;
        sleep(AFTER).await;
    };
    let watch = availability::Behaviour::WatchHealth { every_ms: 1_000 };
    let monitor = perform(scene, MONITOR, watch.into(), MONITOR);
    let reports = async {
        loop {
            progress(scene.recorder.number(), &tried.so_far());
            sleep(REPORT).await;
        }
    };
    seams::select! {
        () = everybody => {}
        () = monitor => {}
        () = reports => {}
    }
}

impl Guise {
    fn scene(&self, scene: &Scene, tried: Tried) -> Scene {
        let odd = Odd {
            untried: Some(tried),
            basic: Some(self.basic),
            ..Odd::default()
        };
        let mut scene = scene.as_odd(odd);
        scene.clients = vec![self.client.clone()];
        if self.is_past_the_balancer {
            scene.balancer = scene.replicas.last().expect("there is a replica").clone();
        }
        scene
    }
}

/// Somebody who does what everybody does.
async fn look(scene: Scene, guise: Guise, tried: Tried) {
    let who = format!("{}-0", guise.name);
    log_in_and_out(&guise.scene(&scene, tried.by(guise.name).looking()), &who).await;
}

/// People who come one after the other until every change has been tried.
async fn break_rules(scene: Scene, guise: Arc<Guise>, next: Arc<AtomicU32>, tried: Tried) {
    while !tried.is_finished() {
        let n = next.fetch_add(1, Ordering::SeqCst);
        if n > PEOPLE_MAX {
            return; // what is unfinished is told
        }
        let who = format!("{}-{n}", guise.name);
        log_in_and_out(&guise.scene(&scene, tried.clone()), &who).await;
    }
}

/// Logs in twice in the same browser, looks at the account page, and logs out.
async fn log_in_and_out(scene: &Scene, who: &str) {
    let person = Arc::new(Person::new(scene, who, who, who));
    calm::log_in(&person, Style::CALM).await;
    logged_in::in_and_out(&person).await;
}

/// What the people of a plan do, each at its time from now on.
pub(super) fn acts(scene: &Scene, plan: &Plan) -> Vec<impl Future<Output = ()> + Send + use<>> {
    let acts = plan.operations.iter().cloned().map(|operation| {
        let scene = scene.clone();
        async move {
            sleep(Duration::from_millis(operation.at_ms)).await;
            perform(&scene, &operation.who, operation.does, &operation.who).await;
        }
    });
    acts.collect()
}
