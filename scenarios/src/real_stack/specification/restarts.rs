//! A rolling restart of the real service behind the real nginx: each replica in turn gets SIGTERM and is started again, while
//! people log in and the mail relay is slow. What judges the story `rolling_restart` judges this history, too.

use super::{Court, Place, Service, broken, people::acts, plan};
use crate::{
    exchange::troubles,
    mailed_code, people,
    property::{LogAsDocumented, StopsInOrder, invocations},
    scenario::{start, stop},
    vocabulary::{Event, Fault, Mode, Operation, Plan},
    world::hosts,
};
use conformance::{Agreement, Unavailable};
use seams_os::clock::wall_ms;
use sim::world::join_all;
use spec::Troubles;
use std::{io, path::Path, time::Duration};
use tokio::time::{Instant, sleep};

/// How many people log in, one after the other.
const PEOPLE: u64 = 40;
/// The time between two of them, milliseconds.
const EVERY_MS: u64 = 300;
/// How much later than a healthy one the relay answers, milliseconds: several mails wait when a replica stops.
const SLOW_MS: u64 = 700;
/// When the first replica gets SIGTERM, and how long after the first is back the second does: longer than nginx takes it for
/// one that has failed.
const FIRST: Duration = Duration::from_secs(3);
const THEN: Duration = Duration::from_secs(3);
/// How long a replica may take to end: as documented, and a little more on a machine that is busy.
const ENDS_WITHIN: Duration = Duration::from_secs(20);

/// Restarts both replicas while people log in, and judges every answer and every mail. `program` is `squall`, whose command
/// `idp` is the service. Takes about 25 s.
///
/// # Errors
/// The real programs are not installed, or something does not start.
pub fn judge_restarts(program: &Path) -> Result<Agreement, Unavailable> {
    let calm = (0..PEOPLE).map(|n| Operation {
        at_ms: 300 + n * EVERY_MS,
        who: format!("calm-{n}"),
        does: mailed_code::Behaviour::LogIn.into(),
    });
    let plan = Plan {
        lasts_ms: 120_000,
        operations: calm.collect(),
        faults: vec![],
        ..plan(Place::Stack)?
    };
    let (history, operators, world, started_ms) = crate::real_stack::runtime()?.block_on(async {
        let mut service = Service::start(Place::Stack, program, &plan).await?;
        let started_ms = (wall_ms() as u64).saturating_sub(service.world.epoch_ms);
        for host in [hosts::IDP_A, hosts::IDP_B] {
            service.note_ready(host, true);
        }
        service.mail.set(Mode::Slow { by_ms: SLOW_MS });
        let (env, acts) = (service.scene.env.clone(), acts(&service.scene, &plan));
        let (_, restarted) = tokio::join!(join_all(&env, acts), service.restart_all());
        restarted?;
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
    let mut differences = court.differences(&history, &[&StopsInOrder, &LogAsDocumented]);
    let is_login = |op: &_| *op == crate::vocabulary::Op::People(people::Op::LogIn);
    let logins = invocations(&history);
    let logins: Vec<_> = logins.iter().filter(|one| is_login(one.op)).collect();
    let failed = logins.iter().filter(|login| !login.ok());
    differences.extend(failed.map(|login| format!("{} could not log in: it {}", login.who, login.outcome())));
    let met = (history.records.iter()).filter(
        |record| matches!(&record.event, Event::Fault { fault: Fault::Stop { .. }, in_flight, .. } if *in_flight > 0),
    );
    let met = met.count();
    if met != 2 {
        return Err(broken(io::Error::other(format!(
            "{met} of 2 replicas were stopped while somebody used them: the test shows nothing"
        ))));
    }
    Ok(Agreement {
        compared: logins.len() as u64,
        differences,
        ..Agreement::default()
    })
}

impl Service {
    pub(super) fn note(&self, who: &str, event: Event) {
        self.scene.recorder.note(who, event);
    }

    pub(super) fn note_fault(&self, fault: Fault) {
        let (in_flight, after) = (self.scene.recorder.in_flight(), None);
        self.note(
            "operator",
            Event::Fault {
                fault,
                in_flight,
                after,
            },
        );
    }

    pub(super) fn note_ready(&self, host: &str, ready: bool) {
        let (why, of) = (String::new(), host.to_owned());
        self.note(host, Event::Ready { host: of, ready, why });
    }

    /// Each replica in turn.
    async fn restart_all(&mut self) -> Result<(), Unavailable> {
        sleep(FIRST).await;
        for (index, host) in [hosts::IDP_A, hosts::IDP_B].into_iter().enumerate() {
            self.note_fault(stop(host));
            self.note_ready(host, false);
            self.servers[index].ask_to_end()?;
            let began = Instant::now();
            let status = loop {
                if let Some(status) = self.servers[index].status()? {
                    break status;
                }
                if began.elapsed() > ENDS_WITHIN {
                    return Err(broken(io::Error::other(format!("{host} does not end"))));
                }
                sleep(Duration::from_millis(2)).await;
            };
            let how = match status.code() {
                Some(0) => sim::history::RETURNED.to_owned(),
                _ => status.to_string(),
            };
            let of = host.to_owned();
            self.note(host, Event::Exit { host: of, how });
            self.note_fault(start(host));
            self.servers[index].start_again()?;
            while !self.servers[index].serves(self.people_ports[index]) {
                sleep(Duration::from_millis(5)).await;
            }
            self.note_ready(host, true);
            sleep(THEN).await;
        }
        Ok(())
    }
}
