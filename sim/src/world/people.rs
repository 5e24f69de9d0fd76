//! People: they perform the operations of a plan, each at its time.

use super::{Host, HostKind, Http, Installed};
use crate::{history::Seen, plan::Operation, recorder::Recorder, service::Service};
use seams::{BoxFuture, Env};
use std::{collections::BTreeMap, sync::Arc, time::Duration};
use tokio::{
    sync::mpsc,
    time::{Instant, sleep_until},
};

/// What somebody has in hand who does something.
pub struct Scene<S: Service> {
    /// The seams of their own host.
    pub env: Env,
    /// Where operations are recorded.
    pub recorder: Recorder<S>,
    /// What the hosts share.
    pub shared: S::Shared,
    /// The options of the world.
    pub options: S::World,
    /// Seed of the run, for whatever the plan leaves open.
    pub seed: u64,
    /// What this is, in the plan: keys the choices that the plan leaves open, so that they stay when other operations are
    /// removed.
    pub label: String,
}

impl<S: Service> Scene<S> {
    /// Somebody tries something: the history has its beginning, its end, and what they saw, which is returned.
    pub async fn observe(&self, who: &str, op: S::Op, work: impl Future<Output = Seen>) -> Seen {
        let id = self.recorder.begin(who, op);
        let seen = work.await;
        self.recorder.end(who, id, seen.clone());
        seen
    }

    /// Speaks HTTP to a host, on port 80 unless [`Http::port`] says otherwise.
    pub fn http<'a>(&'a self, host: &'a str) -> Http<'a> {
        Http::to(&self.env, host)
    }
}

impl<S: Service> Clone for Scene<S> {
    fn clone(&self) -> Scene<S> {
        Scene {
            env: self.env.clone(),
            recorder: self.recorder.clone(),
            shared: self.shared.clone(),
            options: self.options.clone(),
            seed: self.seed,
            label: self.label.clone(),
        }
    }
}

/// A host whose people perform those operations that are theirs.
pub(super) fn host<S: Service>(
    name: &str,
    theirs: impl Fn(&S::Behaviour) -> bool + 'static,
    act: Arc<Act<S>>,
) -> Host<S> {
    Host::new(name, HostKind::People, move |start| {
        let all = start.plan.operations.iter();
        let operations: Vec<Operation<S>> = all.filter(|o| theirs(&o.does)).cloned().collect();
        let (recorder, shared, act) = (
            start.recorder.clone(),
            start.shared().clone(),
            start.people.unwrap_or(&act).clone(),
        );
        let (options, seed) = (start.plan.world.clone(), start.plan.seed);
        Installed::new(Box::new(move |env| {
            let scene = Scene {
                env,
                recorder: recorder.clone(),
                shared: shared.clone(),
                options: options.clone(),
                seed,
                label: String::new(),
            };
            perform(scene, operations.clone(), act.clone())
        }))
    })
}

/// Somebody does something: what they have in hand, their name, and what they do.
pub type Act<S> = dyn Fn(Scene<S>, String, <S as Service>::Behaviour) -> BoxFuture<'static, ()> + Send + Sync;

/// Starts each operation at its time, and waits for all.
fn perform<S: Service>(scene: Scene<S>, operations: Vec<Operation<S>>, act: Arc<Act<S>>) -> BoxFuture<'static, ()> {
    let mut alike = BTreeMap::new();
    let labelled = operations.into_iter().map(|operation| {
        // Choices are keyed by what the operation is, not by its place in the plan: so they stay when others are removed.
        let nth: &mut u32 = alike.entry((operation.who.clone(), operation.at_ms)).or_default();
        let label = format!("{} at {} #{nth}", operation.who, operation.at_ms);
        *nth += 1;
        (operation, label)
    });
    let labelled: Vec<(Operation<S>, String)> = labelled.collect();
    Box::pin(async move {
        let start = Instant::now();
        let env = scene.env.clone();
        let tasks = labelled.into_iter().map(|(operation, label)| {
            let (mut scene, act) = (scene.clone(), act.clone());
            scene.label = label;
            async move {
                sleep_until(start + Duration::from_millis(operation.at_ms)).await;
                act(scene, operation.who, operation.does).await;
            }
        });
        join_all(&env, tasks.collect::<Vec<_>>()).await;
    })
}

/// Starts all of these at this instant, as tasks of their own, and waits for all. Results are in
/// the order of the tasks; that of a task which did not end (its host died) is missing.
pub async fn join_all<T: Send + 'static>(
    env: &Env,
    tasks: impl IntoIterator<Item = impl Future<Output = T> + Send + 'static>,
) -> Vec<T> {
    let (sender, mut results) = mpsc::unbounded_channel();
    let mut count = 0;
    for (index, task) in tasks.into_iter().enumerate() {
        let sender = sender.clone();
        count += 1;
        env.spawn(async move {
            let result = task.await;
            let _ = sender.send((index, result)); // whoever waited is gone
        });
    }
    drop(sender);
    let mut slots: Vec<Option<T>> = Vec::new();
    slots.resize_with(count, || None);
    while let Some((index, result)) = results.recv().await {
        slots[index] = Some(result);
    }
    slots.into_iter().flatten().collect()
}
