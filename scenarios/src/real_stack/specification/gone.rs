//! The real Redis is gone, both nodes at once, under two real replicas behind the real nginx: who is logged in goes on, and whoever
//! wants to log in is told that nobody can. What judges the story `redis_gone` judges this history, too.

use super::{Court, Place, Service, broken, people::acts, plan};
use crate::{
    exchange::{Observation, troubles},
    mailed_code,
    property::GoesOnWithoutStore,
    scenario::{kill, start},
    session,
    vocabulary::{Event, History, Observation as AnyObservation, Operation, Plan},
    world::hosts,
};
use conformance::{
    Agreement, Unavailable,
    stack::{
        Action::{Kill, Start},
        Node::{Master, Replica},
    },
};
use seams_os::clock::wall_ms;
use sim::world::join_all;
use spec::{
    Troubles,
    exchange::{Answer, Answered, Request},
};
use std::{collections::BTreeMap, io, path::Path, time::Duration};
use tokio::time::sleep;

/// When both nodes get SIGKILL, and when they are started again.
const GONE: Duration = Duration::from_secs(6);
const BACK: Duration = Duration::from_secs(26);
/// From when on both replicas have closed their ports for logins: the time without the store that they bear, and that of a look.
const NOTICED_MS: u64 = 10_000;

/// Who comes: some log in before and go on, and sign out after a while; others want to log in meanwhile.
fn operations() -> Vec<Operation> {
    let goes_on = |n: u64| Operation {
        at_ms: 300 + n * 400,
        who: format!("goes-on-{n}"),
        does: session::Behaviour::GoOn {
            every_ms: 700,
            rounds: 18 + 4 * n as u32,
        }
        .into(),
    };
    let comes = |n: u64| Operation {
        at_ms: 14_000 + n * 1_500,
        who: format!("comes-{n}"),
        does: mailed_code::Behaviour::LogIn.into(),
    };
    (0..3).map(goes_on).chain((0..4).map(comes)).collect()
}

/// Takes Redis away for 20 s, and judges every answer. `program` is `squall`, whose command `idp` is the service. Takes about 50 s.
///
/// # Errors
/// The real programs are not installed, or something does not start.
pub fn judge_redis_gone(program: &Path) -> Result<Agreement, Unavailable> {
    let plan = Plan {
        lasts_ms: 120_000,
        operations: operations(),
        faults: vec![],
        ..plan(Place::Stack)?
    };
    let (history, operators, world, started_ms) = crate::real_stack::runtime()?.block_on(async {
        let mut service = Service::start(Place::Stack, program, &plan).await?;
        let started_ms = (wall_ms() as u64).saturating_sub(service.world.epoch_ms);
        for host in [hosts::IDP_A, hosts::IDP_B] {
            service.note_ready(host, true);
        }
        let (env, acts) = (service.scene.env.clone(), acts(&service.scene, &plan));
        tokio::join!(join_all(&env, acts), service.lose_redis());
        let history = service.scene.recorder.history();
        Ok::<_, Unavailable>((history, service.operators(), service.world.clone(), started_ms))
    })?;
    let troubles = Troubles {
        started_ms,
        ..troubles(&plan, &history)
    };
    let court = Court {
        plan: &plan,
        world: &world,
        troubles: &troubles,
        operators: &operators,
    };
    let mut differences = court.differences(&history, &[&GoesOnWithoutStore]);
    let answers = without_store(&history);
    for (path, is_preflight, status) in [
        ("/", false, 200),
        ("/userinfo", false, 200),
        ("/userinfo", true, 204),
        ("/token", true, 204),
        ("/jwks", false, 200),
        ("/.well-known/openid-configuration", false, 200),
        ("/logout", false, 303),
        ("/authorize", false, 503),
    ] {
        let is_one = |request: &Request| request.path == path && (request.method == "OPTIONS") == is_preflight;
        let of_path = || answers.iter().filter(|(request, _)| is_one(request));
        if of_path().count() == 0 {
            let why = format!("nobody asked for {path} without Redis: the test shows nothing");
            return Err(broken(io::Error::other(why)));
        }
        let others = of_path().filter(|(_, answer)| answer.status != status);
        differences.extend(others.map(|(_, answer)| format!("{path} without Redis: {}", answer.describe())));
    }
    Ok(Agreement {
        compared: answers.len() as u64,
        differences,
        ..Agreement::default()
    })
}

/// What was answered from the time on at which both ports for logins were closed, until Redis was back.
fn without_store(history: &History) -> Vec<(&Request, &Answer)> {
    let faults: Vec<u64> = crate::property::faults(history).map(|(at_ms, ..)| at_ms).collect();
    let (from_ms, to_ms) = (faults[0] + NOTICED_MS, faults[2]);
    let mut asked: BTreeMap<u64, (u64, &Request)> = BTreeMap::new();
    let mut answers = vec![];
    for record in &history.records {
        match &record.event {
            Event::Own(AnyObservation::Exchange(Observation::Asked { number, door, request }))
                if door == hosts::BALANCER =>
            {
                asked.insert(*number, (record.at_ms, request));
            }
            Event::Own(AnyObservation::Exchange(Observation::Answered {
                number,
                answer: Answered::With(answer),
            })) => {
                let request = asked
                    .remove(number)
                    .filter(|(asked_ms, _)| from_ms <= *asked_ms && record.at_ms < to_ms);
                answers.extend(request.map(|(_, request)| (request, &**answer)));
            }
            _ => {}
        }
    }
    answers
}

impl Service {
    /// Kills both nodes, and starts them again.
    async fn lose_redis(&mut self) {
        sleep(GONE).await;
        for (host, node) in [(hosts::REDIS_1, Master), (hosts::REDIS_2, Replica)] {
            self.note_fault(kill(host));
            self.apply(Kill(node));
        }
        sleep(BACK.saturating_sub(GONE)).await;
        for (host, node) in [(hosts::REDIS_1, Master), (hosts::REDIS_2, Replica)] {
            self.note_fault(start(host));
            self.apply(Start(node));
        }
    }
}
