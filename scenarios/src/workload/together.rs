//! Doing several things at once.

use seams::Env;
use tokio::sync::mpsc;

/// Starts all of these at this instant, as tasks of their own, and waits for all. Results are in
/// the order of the tasks; that of a task which did not end (its host died) is missing.
pub(crate) async fn together<T: Send + 'static>(
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
            let _ = sender.send((index, result)); // nobody waits any more: then nobody cares
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
