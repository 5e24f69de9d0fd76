//! Plans as proptest makes them up: valid by construction, and such that the swarm's claims hold of them. Unlike a seed's
//! plan, one of these gets simpler under proptest's hands.

use proptest::{collection::vec, prelude::*, sample::select};
use scenarios::{
    analytics, availability, directory, limits, mail, mailed_code, redemption, session, store,
    vocabulary::{
        Behaviour, Fault, Mode, Operation, OwnFault, Persistence, Plan, ReminderOption, TimedFault, WorldOptions,
    },
    world::hosts,
};
use sim::world::REPLICATION_LATE_PPM;

/// When everything heals, milliseconds.
const HEAL_MS: u64 = 45_000;
/// When all must be well again: the settling time that the swarm's claims allow for.
const WELL_MS: u64 = HEAL_MS + 45_000;
/// How long a run lasts.
const LASTS_MS: u64 = WELL_MS + 40_000;

/// A plan of the swarm.
pub(crate) fn plan() -> impl Strategy<Value = Plan> {
    (any::<u64>(), world(), crowd(), faults()).prop_map(|(seed, world, operations, faults)| Plan {
        world,
        operations,
        faults,
        ..Plan::new("swarm", seed, LASTS_MS)
    })
}

prop_compose! {
    fn world()(
        reminders in vec(5_000..LASTS_MS - 25_000, 0..6),
        (latency_ms_max, replication_ms) in (select(vec![3, 10, 40]), select(vec![1, 5, 50, 300])),
        replication_late_ppm in select(vec![REPLICATION_LATE_PPM, 500_000]),
        persistence in select(vec![Persistence::None, Persistence::Aof]),
        (down_after_ms, failover_timeout_ms) in (select(vec![1000, 700, 3000]), select(vec![10_000, 5_000, 20_000])),
        quorum in select(vec![2, 1, 3]),
        (proxy_connect_timeout_ms, proxy_read_timeout_ms) in (select(vec![1000, 300, 3000]), select(vec![5000, 2000, 8000])),
        (fail_timeout_ms, upstream_keepalive) in (select(vec![2000, 1000, 10_000]), select(vec![16, 1, 0])),
        (code_ttl_s, limit_window_s) in (select(vec![60, 30]), select(vec![60, 30])),
        lease_ms in select(vec![10_000, 3000, 6000]),
    ) -> WorldOptions {
        let asked = |(n, due_ms)| ReminderOption { who: format!("sleeper-{n}"), due_ms };
        WorldOptions {
            reminders: reminders.into_iter().enumerate().map(asked).collect(),
            latency_ms_max,
            replication_ms,
            replication_late_ppm,
            persistence,
            down_after_ms,
            failover_timeout_ms,
            quorum,
            proxy_connect_timeout_ms,
            proxy_read_timeout_ms,
            fail_timeout_ms,
            upstream_keepalive,
            code_ttl_s,
            limit_window_s,
            lease_ms,
            ..WorldOptions::default()
        }
    }
}

/// What one person does. Each logs in once, so that nobody meets a limit by accident.
fn honest() -> impl Strategy<Value = Behaviour> {
    prop_oneof![
        4 => Just(Behaviour::MailedCode(mailed_code::Behaviour::LogIn)),
        1 => (2..7u32).prop_map(|clicks| Behaviour::MailedCode(mailed_code::Behaviour::LogInImpatiently { clicks })),
        1 => (1000..4000u64, 1..30u32).prop_map(|(every_ms, looks)| Behaviour::Session(session::Behaviour::StayLoggedIn { every_ms, looks })),
        1 => Just(Behaviour::Redemption(redemption::Behaviour::RaceCode)),
        1 => Just(Behaviour::Redemption(redemption::Behaviour::BurnCode)),
    ]
}

fn attacks() -> impl Strategy<Value = Vec<Operation>> {
    let named = |who: &str, at_ms, does| Operation {
        at_ms,
        who: who.into(),
        does,
    };
    let steals = vec(0..16_000u64, 1..5)
        .prop_map(|after_ms| Behaviour::Redemption(redemption::Behaviour::StealCodes { after_ms }));
    let guesses = (1..60u32, 100..1500u64, any::<bool>()).prop_map(|(guesses, every_ms, in_one_place)| {
        Behaviour::Limits(limits::Behaviour::Guess {
            victim: "victor".into(),
            guesses,
            every_ms,
            in_one_place,
            known_as: None,
        })
    });
    let floods = (1..30u32, 100..1500u64, any::<bool>()).prop_map(|(sends, every_ms, in_one_place)| {
        Behaviour::Limits(limits::Behaviour::Flood {
            victim: "flora".into(),
            sends,
            every_ms,
            in_one_place,
        })
    });
    let peeks = (0..8000u64).prop_map(|after_ms| {
        Behaviour::MailedCode(mailed_code::Behaviour::PeekAtMail {
            victim: "wendy".into(),
            after_ms,
        })
    });
    let at = || 1000..15_000u64;
    (
        proptest::option::of((at(), steals)),
        proptest::option::of((at(), guesses)),
        proptest::option::of((at(), floods)),
        proptest::option::of((at(), peeks)),
    )
        .prop_map(move |(steals, guesses, floods, peeks)| {
            let mut operations = vec![];
            operations.extend(steals.map(|(at_ms, does)| named("thief", at_ms, does)));
            for (who, victim, attack) in [("guesser", "victor", guesses), ("flooder", "flora", floods)] {
                if let Some((at_ms, does)) = attack {
                    operations.push(named(who, at_ms, does));
                    operations.push(named(
                        victim,
                        WELL_MS + 9000,
                        Behaviour::MailedCode(mailed_code::Behaviour::LogIn),
                    ));
                }
            }
            if let Some((at_ms, does)) = peeks {
                operations.push(named(
                    "wendy",
                    at_ms,
                    Behaviour::MailedCode(mailed_code::Behaviour::LogIn),
                ));
                operations.push(named("eavesdropper", at_ms, does));
            }
            operations
        })
}

/// People, attackers, and those who look whether all is well again.
fn crowd() -> impl Strategy<Value = Vec<Operation>> {
    (vec((1000..30_000u64, honest()), 1..12), attacks()).prop_map(|(people, attacks)| {
        let person = |(n, (at_ms, does))| Operation {
            at_ms,
            who: format!("person-{n}"),
            does,
        };
        let mut operations: Vec<Operation> = people.into_iter().enumerate().map(person).collect();
        operations.extend(attacks);
        let late = |n: u64| Operation {
            at_ms: WELL_MS + 2000 * n,
            who: format!("late-{n}"),
            does: Behaviour::MailedCode(mailed_code::Behaviour::LogIn),
        };
        operations.extend((0..3).map(late));
        for replica in [hosts::IDP_A, hosts::IDP_B] {
            operations.push(Operation {
                at_ms: WELL_MS,
                who: format!("probe-{replica}"),
                does: Behaviour::Availability(availability::Behaviour::LogInAt {
                    replica: replica.into(),
                }),
            });
        }
        operations.push(Operation {
            at_ms: WELL_MS,
            who: "operator".into(),
            does: Behaviour::Store(store::Behaviour::CheckReplication),
        });
        operations.sort_by_key(|operation| operation.at_ms);
        operations
    })
}

fn mode() -> impl Strategy<Value = Mode> {
    prop_oneof![
        Just(Mode::Healthy),
        (100..10_000u64).prop_map(|by_ms| Mode::Slow { by_ms }),
        Just(Mode::Hanging),
        Just(Mode::Failing),
        Just(Mode::Dropping),
        Just(Mode::Garbage),
    ]
}

fn fault() -> impl Strategy<Value = Fault> {
    let server = || {
        let servers = [
            hosts::REDIS_1,
            hosts::REDIS_2,
            hosts::IDP_A,
            hosts::IDP_B,
            hosts::SENTINELS[0],
            hosts::SENTINELS[1],
        ];
        select(servers.map(str::to_owned).to_vec())
    };
    let link = || {
        let links = [
            (hosts::REDIS_1, hosts::REDIS_2),
            (hosts::IDP_A, hosts::REDIS_1),
            (hosts::IDP_B, hosts::REDIS_1),
            (hosts::IDP_A, hosts::REDIS_2),
            (hosts::SENTINELS[0], hosts::REDIS_1),
            (hosts::SENTINELS[0], hosts::SENTINELS[1]),
            (hosts::BALANCER, hosts::IDP_A),
            (hosts::PEOPLE, hosts::BALANCER),
            (hosts::IDP_A, hosts::MAIL),
        ];
        select(links.map(|(a, b)| (a.to_owned(), b.to_owned())).to_vec())
    };
    let replica = || select([hosts::IDP_A, hosts::IDP_B].map(str::to_owned).to_vec());
    let lasts = || 200..5000u64;
    prop_oneof![
        3 => server().prop_map(|host| Fault::Kill { host }),
        2 => server().prop_map(|host| Fault::Pause { host }),
        1 => server().prop_map(|host| Fault::PowerLoss { host }),
        1 => replica().prop_map(|host| Fault::Stop { host }),
        2 => server().prop_map(|host| Fault::Start { host }),
        2 => server().prop_map(|host| Fault::Resume { host }),
        3 => link().prop_map(|(a, b)| Fault::Cut { a, b }),
        1 => link().prop_map(|(from, to)| Fault::CutOneWay { from, to }),
        2 => link().prop_map(|(a, b)| Fault::Mend { a, b }),
        1 => (link(), 1..40u8).prop_map(|((a, b), percent)| Fault::Loss { a, b, percent }),
        1 => (link(), 10..800u64).prop_map(|((a, b), added_ms)| Fault::Latency { a, b, added_ms }),
        1 => (link(), 10..800u64, lasts()).prop_map(|((a, b), added_ms, lasts_ms)| Fault::LatencySpike {
            a, b, added_ms, lasts_ms
        }),
        // Less than the slack that the service allows for (300 s).
        1 => (server(), -100_000..100_000i64).prop_map(|(host, offset_ms)| Fault::ClockOffset { host, offset_ms }),
        1 => mode().prop_map(|mode| Fault::Own(OwnFault::Mail(mail::Fault::Mail { mode }))),
        1 => mode().prop_map(|mode| Fault::Own(OwnFault::Analytics(analytics::Fault::Analytics { mode }))),
        1 => prop_oneof![
            lasts().prop_map(|lasts_ms| Fault::Own(OwnFault::Directory(directory::Fault::DirectoryBusy { lasts_ms }))),
            (replica(), 10..150u64, lasts()).prop_map(|(host, by_ms, lasts_ms)| Fault::DiskSlow {
                host, by_ms, lasts_ms
            }),
        ],
        1 => (replica(), any::<bool>(), lasts()).prop_map(|(host, after_commit, lasts_ms)| Fault::DiskError {
            host, after_commit, lasts_ms
        }),
    ]
}

/// Some trouble, and the end of it all.
fn faults() -> impl Strategy<Value = Vec<TimedFault>> {
    vec((3000..HEAL_MS - 10_000, fault()), 0..9).prop_map(|drawn| {
        let timed = |(at_ms, fault)| TimedFault::at(at_ms, fault);
        let mut faults: Vec<TimedFault> = drawn.into_iter().map(timed).collect();
        faults.sort_by_key(|fault| fault.at_ms);
        faults.push(timed((HEAL_MS, Fault::Heal)));
        faults
    })
}
