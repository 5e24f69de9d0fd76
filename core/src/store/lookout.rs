//! Looks whether the master that the store is connected to is the master still.
//!
//! A master that was cut off from the Sentinels, and not from this replica, does not know that another has taken its place. It
//! goes on until it is told; then whatever was written to it meanwhile is lost (measured on Redis 7.0.15). Nothing on the
//! connection says so, so the Sentinels are asked again from time to time.

use super::{MasterFinder, link::Link};
use crate::config::Deadlines;
use seams::Env;
use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

pub(super) struct Lookout {
    env: Env,
    finder: Arc<dyn MasterFinder>,
    every: Duration,
    links: [Arc<Link>; 2],
    /// When it looks next, on the monotonic clock.
    next: Mutex<Duration>,
}

impl Lookout {
    pub(super) fn new(
        env: &Env,
        finder: Arc<dyn MasterFinder>,
        deadlines: Deadlines,
        links: [Arc<Link>; 2],
    ) -> Arc<Lookout> {
        Arc::new(Lookout {
            env: env.clone(),
            finder,
            every: deadlines.look_at_sentinels,
            links,
            next: Mutex::default(),
        })
    }

    /// Looks in the background, if it is time to.
    pub(super) fn look(self: &Arc<Self>) {
        let now = self.env.clock.monotonic();
        {
            let mut next = self.next.lock().expect("nobody panics while holding it");
            if now < *next {
                return;
            }
            *next = now + self.every;
        }
        let lookout = self.clone();
        self.env.spawn(async move {
            // Sentinels that do not answer, or do not agree, are no reason to leave a master that works.
            if let Some(master) = lookout.finder.elected().await {
                for link in &lookout.links {
                    link.follow(&master).await;
                }
            }
        });
    }
}
