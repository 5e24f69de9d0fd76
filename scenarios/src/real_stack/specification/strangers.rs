//! A stranger who sends what is allowed at its largest, and people who leave before they are answered, at the real service behind
//! the real nginx: everybody else is served as if they were not there, and those who ask again are served as well.

use super::{Court, Place, Service, broken, people::acts, plan};
use crate::{
    http, limits, mailed_code, people,
    property::{AnyCodeVerifies, MailArrives, invocations},
    service::perform,
    vocabulary::{Operation, Plan},
};
use conformance::{Agreement, Unavailable};
use seams_os::clock::wall_ms;
use sim::world::join_all;
use spec::Troubles;
use std::{path::Path, time::Duration};

/// Logins that are begun and not ended.
const CRAWLED: u32 = 1_000;
/// What replicas write by the clock: the lease, and what they look at their health with.
const KEYS_OF_OTHERS: u64 = 3;
/// People who log in calmly, and people who leave.
const CALM: u64 = 12;
const HASTY: u64 = 12;
/// For how long the stranger goes on, milliseconds, and the time between two requests.
const LASTS_MS: u64 = 8_000;
const EVERY_MS: u64 = 60;

/// Lets them come, and judges every answer, every mail and every login. `program` is `squall`, whose command `idp` is the
/// service. Takes about 20 s.
///
/// # Errors
/// The real programs are not installed, or something does not start.
pub fn judge_strangers(program: &Path) -> Result<Agreement, Unavailable> {
    let operations = operations();
    let people = operations.len() as u64 - 1;
    let plan = Plan {
        lasts_ms: 120_000,
        operations,
        faults: vec![],
        ..plan(Place::Stack)?
    };
    let (history, operators, world, started_ms, keys) = crate::real_stack::runtime()?.block_on(async {
        let service = Service::start(Place::Stack, program, &plan).await?;
        let started_ms = (wall_ms() as u64).saturating_sub(service.world.epoch_ms);
        join_all(&service.scene.env, acts(&service.scene, &plan)).await;
        let left = keys_left_by_a_crawler(&service).await?;
        let history = service.scene.recorder.history();
        Ok::<_, Unavailable>((history, service.operators(), service.world.clone(), started_ms, left))
    })?;
    let troubles = Troubles {
        started_ms,
        ..Troubles::default()
    };
    let court = Court {
        plan: &plan,
        world: &world,
        troubles: &troubles,
        operators: &operators,
    };
    let in_time = MailArrives::within(Duration::from_secs(6));
    let mut differences = court.differences(&history, &[&AnyCodeVerifies, &in_time]);
    let is_login = |op: &_| *op == crate::vocabulary::Op::People(people::Op::LogIn);
    let logins: Vec<_> = invocations(&history)
        .into_iter()
        .filter(|one| is_login(one.op))
        .collect();
    let failed = logins.iter().filter(|login| !login.ok());
    differences.extend(failed.map(|login| format!("{} could not log in: it {}", login.who, login.outcome())));
    if logins.len() as u64 != people {
        differences.push(format!("{} of {people} people tried to log in", logins.len()));
    }
    if keys > KEYS_OF_OTHERS {
        differences.push(format!(
            "{CRAWLED} logins that nobody ends have left {keys} keys in Redis"
        ));
    }
    let left = history
        .records
        .iter()
        .filter(|record| super::is_given_up(record))
        .count();
    if left == 0 {
        return Err(broken(std::io::Error::other(
            "nobody left before an answer: the test shows nothing",
        )));
    }
    Ok(Agreement {
        compared: logins.len() as u64 + left as u64,
        differences,
        ..Agreement::default()
    })
}

/// By how many keys Redis has more after somebody has begun logins and has gone no further.
async fn keys_left_by_a_crawler(service: &Service) -> Result<u64, Unavailable> {
    let before = service.keys_in_redis().await.map_err(broken)?;
    let crawl = limits::Behaviour::BeginLogins {
        logins: CRAWLED,
        every_ms: 0,
        state_bytes: 0,
        from_many_places: false,
    };
    perform(&service.scene, "crawler", crawl.into(), "crawler").await;
    let after = service.keys_in_redis().await.map_err(broken)?;
    Ok(after.saturating_sub(before))
}

fn operations() -> Vec<Operation> {
    let stranger = http::Behaviour::SendLargest {
        requests: (LASTS_MS / EVERY_MS) as u32,
        every_ms: EVERY_MS,
    };
    let mut all = vec![Operation {
        at_ms: 0,
        who: "stranger".into(),
        does: stranger.into(),
    }];
    let calm = (0..CALM).map(|n| Operation {
        at_ms: 300 + n * 500,
        who: format!("calm-{n}"),
        does: mailed_code::Behaviour::LogIn.into(),
    });
    // A request takes about two milliseconds here.
    let hasty = (0..HASTY).map(|n| Operation {
        at_ms: 500 + n * 500,
        who: format!("hasty-{n}"),
        does: http::Behaviour::LogInHastily {
            patience_ms: 1 + n % 4,
            times: 2,
        }
        .into(),
    });
    all.extend(calm.chain(hasty));
    all
}
