//! The login service as the harness runs it: its people, its world, and the meaning of its writes and marks.

use crate::{
    availability, directory, exchange, http, limits,
    login::{Behaviour, ClientsTold, Login, Observation, Op, OwnFault, Rewire, StoreOption, WorldOptions},
    mailed_code, oddities, redemption, registry, session,
    store::{self, history},
    vocabulary::{Fault, Plan},
    world::{self, Scene, Shared, hosts},
};
use idp::{
    authorize::FLOW,
    leader::LEASE,
    limits::{LOGIN_ATTEMPTS, VERIFY_ATTEMPTS},
    mailed_code::EMAIL_CODE,
    redemption::CODE,
    store::Namespace,
};
use seams::BoxFuture;
use sim::{
    at_rest::{Kept, Stored},
    calls::{CallPauses, CallSite, CallTrouble},
    service::{MarkSpan, Service, UntoldWrites},
    world::{EPOCH, ForwardedFor, NginxOptions, RedisOptions, SentinelOptions, Start, StorageLock, World},
};
use std::{collections::BTreeMap, sync::Arc};

/// Performs a behaviour of a person or an attacker. One line for each module.
pub fn act(scene: sim::world::Scene<Login>, who: String, does: Behaviour) -> BoxFuture<'static, ()> {
    Box::pin(async move {
        let label = scene.label.clone();
        perform(&scene.into(), &who, does, &label).await;
    })
}

/// The same, wherever the service is.
pub(crate) async fn perform(scene: &Scene, who: &str, does: Behaviour, label: &str) {
    match does {
        Behaviour::MailedCode(does) => mailed_code::act(scene, who, does, label).await,
        Behaviour::Redemption(does) => redemption::act(scene, who, does, label).await,
        Behaviour::Session(does) => session::act(scene, who, does, label).await,
        Behaviour::Limits(does) => limits::act(scene, who, does, label).await,
        Behaviour::Store(does) => store::act(scene, who, does, label).await,
        Behaviour::Availability(does) => availability::act(scene, who, does, label).await,
        Behaviour::Directory(does) => directory::act(scene, who, does).await,
        Behaviour::Oddity(does) => oddities::act(scene, who, does, label).await,
        Behaviour::Http(does) => http::act(scene, who, does, label).await,
        Behaviour::Registry(does) => registry::act(scene, who, does, label).await,
    }
}

impl Service for Login {
    type World = WorldOptions;
    type Behaviour = Behaviour;
    type Op = Op;
    type Observation = Observation;
    type Fault = OwnFault;
    type Bug = Rewire;
    type Shared = Shared;

    const LOG_FILTER: &'static str = "warn,idp=debug,sim=info,scenarios=info";
    const WRITES: &'static [&'static str] = &[
        "flow stored",
        "code stored",
        "code taken",
        "email code stored",
        "email code taken",
        "lease granted",
        "lease renewed",
        "attempt counted",
    ];
    const MARKS: &'static [&'static str] = &[
        "a code was redeemed",
        "a one-time code was put back",
        "a race for a code was lost",
        "a session was opened",
        "an authorization code was put back",
        "directory busy",
        "directory outcome unknown",
        "epoch fenced",
        "leader elected",
        "lease lost",
        "mail fate unknown",
        "master did not hold",
        "reminder sent",
        "replica degraded",
        "replica recovered",
        "store outcome unknown",
        "store refused, asked again",
    ];
    const CALLS: &'static [CallSite] = world::calls::CALLS;
    const MARK_SPANS: &'static [MarkSpan] = &[MarkSpan {
        begins: "leader elected",
        ends: "lease lost",
        label: "leads",
    }];
    const USUAL_TRIGGERS: &'static [&'static str] = &[
        "redeem begins",
        "redeem begins",
        "redeem ends",
        "verify-code begins",
        "verify-code succeeds",
        "send-code begins",
        "code stored",
        "code taken",
        "email code stored",
        "email code taken",
        "flow stored",
        "attempt counted",
        "lease renewed",
        "lease renewed",
        "code mailed",
    ];
    const RARE_TRIGGERS: &'static [&'static str] = &[
        "redeem in doubt",
        "visit begins",
        "lease granted",
        "mark: leader elected",
        "mark: lease lost",
        "mark: store outcome unknown",
        "sentinel says +odown",
        "sentinel says +elected-leader",
        "redis-2 becomes master",
        "redis-1 becomes replica",
        "reminder mailed",
    ];
    const ROUTINE_MARKS: &'static [&'static str] = &[
        "a code was redeemed",
        "a session was opened",
        "a live session answered for the person",
        "a second press sent no second mail",
        "master did not hold",
        "reminder sent",
    ];

    fn world(options: &WorldOptions) -> World<Login> {
        let redis = RedisOptions {
            replicas: options.redis_replicas,
            replication_ms: options.replication_ms,
            replication_late_ppm: options.replication_late_ppm,
            persistence: options.persistence,
            tls: options.access.is_guarded(),
            passwords: world::access::of_redis(options),
        };
        let (password, redis_password) = world::access::of_sentinels(options);
        let sentinel = SentinelOptions {
            quorum: options.quorum,
            down_after_ms: options.down_after_ms,
            failover_timeout_ms: options.failover_timeout_ms,
            tls: options.access.is_guarded(),
            password,
            redis_password,
        };
        let nginx = NginxOptions {
            connect_timeout_ms: options.proxy_connect_timeout_ms,
            read_timeout_ms: options.proxy_read_timeout_ms,
            fail_timeout_ms: options.fail_timeout_ms,
            keepalive: options.upstream_keepalive,
            forwarded_for: match options.clients_told {
                ClientsTold::Forwarded => ForwardedFor::Forwarded,
                ClientsTold::XForwardedFor | ClientsTold::DualStack => ForwardedFor::XForwardedFor,
            },
            locations: world::locations(),
        };
        let replicas = hosts::replicas(options.replicas);
        let world = World::new()
            .latency_ms(options.latency_ms_min, options.latency_ms_max)
            .call_pauses(CallPauses {
                percent: options.call_pause_percent,
                ms_max: options.call_pause_ms_max,
            });
        let world = match options.store {
            StoreOption::Redis => world.redis(hosts::REDIS, &redis).sentinels(
                hosts::SENTINEL,
                options.sentinels,
                hosts::REDIS,
                hosts::MASTER_NAME,
                &sentinel,
            ),
            StoreOption::Memory => world,
        };
        world
            .host(world::mail::host(options.access))
            .host(world::analytics::host(options.hook))
            .service(replicas, hosts::REPLICA_PORT, world::replica::run)
            .nginx(
                hosts::BALANCER,
                hosts::BALANCER_PORT,
                hosts::IDP,
                hosts::ACCOUNT_PORT,
                &nginx,
            )
            .people_and_attackers(hosts::PEOPLE, hosts::ATTACKERS, act)
            .linked(hosts::PEOPLE, hosts::BALANCER)
            .linked(hosts::IDP_A, hosts::MAIL)
    }

    fn troubles_of_call(host: &str, call: &str, world: &World<Login>) -> Vec<CallTrouble<Login>> {
        world::calls::of_call(host, call, world)
    }

    fn share(start: &Start<'_, Login>) -> Shared {
        Shared::new(start)
    }

    fn set_up(shared: &Shared) -> Result<(), String> {
        shared.directory.filled()
    }

    fn at_rest(shared: &Shared) -> Vec<Stored> {
        let mut stored = shared.put.all();
        stored.extend(shared.directory.at_rest());
        stored
    }

    fn kept(shared: &Shared, plan: &Plan) -> Vec<Kept> {
        let settings = exchange::world(plan).settings;
        let wrong_ms = plan.faults.iter().map(|timed| match timed.fault {
            Fault::ClockOffset { offset_ms, .. } => offset_ms.unsigned_abs(),
            Fault::ClockJump { by_ms, .. } => by_ms.unsigned_abs(),
            _ => 0,
        });
        let now_ms = EPOCH.millis() + plan.lasts_ms;
        let wrong_ms = wrong_ms.sum();
        let mut kept = shared.put.kept(wrong_ms, &settings);
        kept.extend(shared.directory.kept(now_ms, wrong_ms, &settings));
        kept
    }

    fn untold_writes(shared: &Shared) -> UntoldWrites {
        shared.directory.untold()
    }

    fn storage_lock(shared: &Shared) -> Option<Arc<dyn StorageLock>> {
        Some(Arc::new(shared.directory.lock()))
    }

    fn power_lost(shared: &Shared, host: &str) {
        shared.directory.power_lost(host);
    }

    fn marks_of_run(shared: &Shared, plan: &Plan) -> BTreeMap<&'static str, u64> {
        let mut marks = history::marks(&shared.store.operations(), plan);
        marks.extend(shared.directory.marks());
        marks
    }

    /// The service's key prefixes are those of [`Namespace`]. A key that expires counts as taken, too, because Redis
    /// sends DEL to its replicas in both cases.
    fn name_of_write(command: &str, key: &str) -> Option<&'static str> {
        let of = |namespace: Namespace| {
            let rest = key.strip_prefix(namespace.prefix());
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(':'))
        };
        match command {
            "SET" if of(FLOW) => Some("flow stored"),
            "SET" if of(CODE) => Some("code stored"),
            "DEL" if of(CODE) => Some("code taken"),
            "SET" if of(EMAIL_CODE) => Some("email code stored"),
            "DEL" if of(EMAIL_CODE) => Some("email code taken"),
            "SET" if of(LEASE) => Some("lease granted"),
            "PEXPIREAT" | "PEXPIRE" if of(LEASE) => Some("lease renewed"),
            "INCR" | "INCRBY" if of(LOGIN_ATTEMPTS) || of(VERIFY_ATTEMPTS) => Some("attempt counted"),
            _ => None,
        }
    }
}

/// Worlds of several sizes for `bench`, the smallest first.
pub(crate) fn sizes() -> Vec<(&'static str, WorldOptions)> {
    let world = |replicas, redis_replicas, sentinels| WorldOptions {
        replicas,
        redis_replicas,
        sentinels,
        ..WorldOptions::default()
    };
    vec![
        ("1 replica, 1 Redis replica, 3 Sentinels", world(1, 1, 3)),
        ("2 replicas, 1 Redis replica, 3 Sentinels", world(2, 1, 3)),
        ("4 replicas, 2 Redis replicas, 5 Sentinels", world(4, 2, 5)),
        ("8 replicas, 2 Redis replicas, 5 Sentinels", world(8, 2, 5)),
    ]
}
