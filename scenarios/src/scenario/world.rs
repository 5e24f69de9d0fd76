//! The worlds of scenarios: the standard world, and what differs from it.

use crate::vocabulary::{
    AccessOption, ClientsTold, HookOption, Login, Persistence, ReminderOption, StoreOption, WorldOptions,
};
use sim::scenario::{Dice, DrawWorld, Spread, ms, secs};
use std::time::Duration;

/// A world: the standard one with changes.
#[derive(Clone)]
pub struct World {
    base: WorldOptions,
    replication: Spread,
    latency_max: Spread,
    persistence: Vec<Persistence>,
    reminders: Vec<(usize, Spread)>,
    late_reminders: Vec<ReminderOption>,
    access: Vec<AccessOption>,
    clients_told: Vec<ClientsTold>,
}

impl World {
    /// The world of the incident reports, with Sentinels.
    pub fn standard() -> World {
        World {
            base: WorldOptions::default(),
            replication: (ms(1)..ms(5)).into(),
            latency_max: (ms(2)..ms(6)).into(),
            persistence: vec![Persistence::None, Persistence::Aof],
            reminders: vec![],
            late_reminders: vec![],
            access: vec![],
            clients_told: vec![],
        }
    }

    /// The same, in which everybody whom the service depends on wants a password, over TLS; the relay in one of two ways.
    pub fn guarded() -> World {
        World {
            access: vec![AccessOption::Guarded, AccessOption::GuardedImplicit],
            ..World::standard()
        }
    }

    /// What a developer has: one replica, which keeps short-lived state in its own memory.
    pub fn of_a_developer() -> World {
        let mut world = World::standard();
        world.base = WorldOptions {
            store: StoreOption::Memory,
            replicas: 1,
            ..world.base
        };
        world
    }

    /// Sets the one-way latency between the two Redis nodes.
    pub fn replication_takes(mut self, latency: impl Into<Spread>) -> World {
        self.replication = latency.into();
        self
    }

    /// Sets the longest one-way latency of every other link.
    pub fn links_take_up_to(mut self, latency: impl Into<Spread>) -> World {
        self.latency_max = latency.into();
        self
    }

    /// Sets what a Redis node keeps through a restart.
    pub fn redis_keeps(mut self, persistence: Persistence) -> World {
        self.persistence = vec![persistence];
        self
    }

    /// Sets the lifetime of the leader's lease.
    pub fn lease(mut self, lease: Duration) -> World {
        self.base.lease_ms = lease.as_millis() as u64;
        self
    }

    /// Sets the number of replicas.
    pub fn replicas(mut self, count: usize) -> World {
        self.base.replicas = count;
        self
    }

    /// Sets how many mails may wait for the relay at each replica.
    pub fn outbox(mut self, mails: usize) -> World {
        self.base.outbox = mails;
        self
    }

    /// Sets how many events may wait for the analytics hook at each replica.
    pub fn analytics_queue(mut self, events: usize) -> World {
        self.base.analytics_queue = events;
        self
    }

    /// Sets where the analytics hook listens.
    pub fn hook(mut self, hook: HookOption) -> World {
        self.base.hook = hook;
        self
    }

    /// Sets how many expired access tokens are in the directory when the run begins.
    pub fn expired_tokens(mut self, count: u64) -> World {
        self.base.expired_tokens = count;
        self
    }

    /// Sets the lifetime of mailed codes.
    pub fn mailed_codes_live(mut self, lifetime: Duration) -> World {
        self.base.email_code_ttl_s = lifetime.as_secs();
        self
    }

    /// Sets the lifetimes of sessions and of access tokens.
    pub fn sessions_and_tokens_live(mut self, session: Duration, access_token: Duration) -> World {
        self.base.session_ttl_s = session.as_secs();
        self.base.access_token_ttl_s = access_token.as_secs();
        self
    }

    /// Sets for how long a browser is known.
    pub fn browsers_known_for(mut self, lifetime: Duration) -> World {
        self.base.known_browser_ttl_s = lifetime.as_secs();
        self
    }

    /// Adds `count` reminders, each for another person, all due at one random time within the spread.
    pub fn reminders(mut self, count: usize, due: impl Into<Spread>) -> World {
        self.reminders.push((count, due.into()));
        self
    }

    /// Adds `count` reminders for people whose mail the relay refuses: their names begin as that of `whom`.
    pub fn refused_reminders(mut self, whom: &str, count: usize, due: Duration) -> World {
        self.late_reminders.extend((1..=count).map(|n| ReminderOption {
            who: format!("{whom}{n}"),
            due_ms: due.as_millis() as u64,
        }));
        self
    }

    /// Adds one reminder that is due at this time, for a person of its own: it shows whether there is a leader then.
    pub fn reminder_at(mut self, due: Duration) -> World {
        self.late_reminders.push(ReminderOption {
            who: format!("riser-{}", self.late_reminders.len() + 1),
            due_ms: due.as_millis() as u64,
        });
        self
    }

    /// Makes this percentage of a replica's calls wait before they are made, each for at most this long.
    pub fn calls_wait(mut self, percent: u64, at_most: Duration) -> World {
        self.base.call_pause_percent = percent;
        self.base.call_pause_ms_max = at_most.as_millis() as u64;
        self
    }

    /// Lets replicas learn in any way where clients are.
    pub fn clients_told_in_any_way(mut self) -> World {
        self.clients_told = vec![
            ClientsTold::XForwardedFor,
            ClientsTold::DualStack,
            ClientsTold::Forwarded,
        ];
        self
    }

    /// Sets the window of the limiters.
    pub fn limits_per(mut self, window: Duration) -> World {
        self.base.limit_window_s = window.as_secs().max(secs(1).as_secs());
        self
    }
}

impl DrawWorld<Login> for World {
    fn draw(&self, dice: &mut Dice) -> WorldOptions {
        let mut reminders = vec![];
        for (group, (count, due)) in self.reminders.iter().enumerate() {
            // All reminders of a group are due at one time, so that a fault near it hits a busy leader.
            let due_ms = dice.ms(*due);
            reminders.extend((0..*count).map(|n| ReminderOption {
                who: format!("sleeper-{}", n + 1),
                due_ms: due_ms + group as u64,
            }));
        }
        reminders.extend(self.late_reminders.iter().cloned());
        let options = WorldOptions {
            replication_ms: dice.ms(self.replication),
            latency_ms_max: dice.ms(self.latency_max).max(self.base.latency_ms_min),
            persistence: dice.pick(&self.persistence),
            reminders,
            ..self.base.clone()
        };
        // Drawn last and only where there is a choice, so that other worlds stay as they were.
        let access = one_of(&self.access, dice).unwrap_or(options.access);
        let clients_told = one_of(&self.clients_told, dice).unwrap_or(options.clients_told);
        WorldOptions {
            access,
            clients_told,
            ..options
        }
    }
}

fn one_of<T: Copy>(choices: &[T], dice: &mut Dice) -> Option<T> {
    (!choices.is_empty()).then(|| dice.pick(choices))
}
