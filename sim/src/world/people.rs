//! People: they perform the operations of a plan, each at its time.

use super::{Host, HostKind, Http, Installed};
use crate::{history::Seen, plan::Operation, recorder::Recorder, service::Service};
use seams::{BoxFuture, Env};
use std::{collections::BTreeMap, sync::Arc, time::Duration};
use tokio::{
    sync::mpsc,
    time::{Instant, sleep_until},
};

/// The part of the world that a person can use.
pub struct Scene<S: Service> {
    /// The seams of their own host.
    pub env: Env,
    /// The recorder of the run.
    pub recorder: Recorder<S>,
    /// The state that the hosts share.
    pub shared: S::Shared,
    /// The options of the world.
    pub options: S::World,
    /// Seed of the run, for choices that the plan leaves open.
    pub seed: u64,
    /// The label of the operation. It keys the choices that the plan leaves open, so that they stay the same when other
    /// operations are removed.
    pub label: String,
}

impl<S: Service> Scene<S> {
    /// Performs an operation: records its beginning and its outcome, and returns the outcome.
    pub async fn observe(&self, who: &str, op: S::Op, work: impl Future<Output = Seen>) -> Seen {
        let id = self.recorder.begin(who, op);
        let seen = work.await;
        self.recorder.end(who, id, seen.clone());
        seen
    }

    /// An HTTP client for a host, on port 80 unless [`Http::port`] says otherwise.
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

/// A host whose people perform those operations for which `theirs` holds.
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

/// A function that performs a behaviour: it gets the part of the world, the name of the person, and the behaviour.
pub type Act<S> = dyn Fn(Scene<S>, String, <S as Service>::Behaviour) -> BoxFuture<'static, ()> + Send + Sync;

/// Starts each operation at its time, and waits for all of them.
fn perform<S: Service>(scene: Scene<S>, operations: Vec<Operation<S>>, act: Arc<Act<S>>) -> BoxFuture<'static, ()> {
    let mut alike = BTreeMap::new();
    let labelled = operations.into_iter().map(|operation| {
        // Choices are keyed by the operation, not by its place in the plan, so they stay the same when others are
        // removed.
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

/// Starts all of these at this instant, as separate tasks, and waits for all of them. Results are in the order of the
/// tasks; the result of a task that did not end (its host died) is missing.
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
            let _ = sender.send((index, result)); // an error means that nobody waits any more
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
