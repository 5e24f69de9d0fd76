//! Tasks, and the queue of those that were woken.
//!
//! There is one run queue for all hosts; [`super::order`] decides which of the woken tasks is polled next. Tasks are
//! stored in the order in which they were spawned, so that a kill drops them in that order. The executor knows a host
//! only by its number: [`super::cluster`] polls and drops each task while its host is current.

use super::{HostId, cluster::Place, order::Scheduler, table::Table};
use std::{
    cell::{Cell, RefCell},
    collections::VecDeque,
    pin::Pin,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    task::{Wake, Waker},
};

/// The number of a task, in the order of spawning.
pub(super) type TaskId = u64;
pub(super) type TaskFuture = Pin<Box<dyn Future<Output = ()> + Send>>;

/// The part of the queue that wakers use. They must be `Send + Sync`, although everything stays on one thread.
#[derive(Default)]
struct RunQueue {
    woken: Mutex<VecDeque<TaskId>>,
    /// Wakes the event loop.
    root: Mutex<Option<Waker>>,
    /// Whether the event loop is awake and will check the queue by itself.
    awake: AtomicBool,
}

impl RunQueue {
    fn woken(&self) -> MutexGuard<'_, VecDeque<TaskId>> {
        self.woken.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn root(&self) -> MutexGuard<'_, Option<Waker>> {
        self.root.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(super) struct TaskWaker {
    id: TaskId,
    queued: AtomicBool,
    queue: Arc<RunQueue>,
}

impl Wake for TaskWaker {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if self.queued.swap(true, Ordering::AcqRel) {
            return;
        }
        self.queue.woken().push_back(self.id);
        if !self.queue.awake.load(Ordering::Acquire)
            && let Some(root) = &*self.queue.root()
        {
            root.wake_by_ref();
        }
    }
}

struct Task {
    place: Place,
    /// `None` while it is being polled.
    future: Option<TaskFuture>,
    waker: Arc<TaskWaker>,
}

/// A task removed from the table for a poll.
pub(super) struct Ready {
    pub(super) id: TaskId,
    pub(super) place: Place,
    pub(super) future: TaskFuture,
    pub(super) waker: Waker,
}

pub(super) struct Executor {
    scheduler: RefCell<Scheduler>,
    tasks: RefCell<Table<TaskId, Task>>,
    next_id: Cell<TaskId>,
    queue: Arc<RunQueue>,
    /// Tasks woken while their host was paused, in the order of waking.
    held: RefCell<Vec<(HostId, TaskId)>>,
}

impl Executor {
    pub(super) fn new(scheduler: Scheduler) -> Executor {
        Executor {
            scheduler: RefCell::new(scheduler),
            tasks: RefCell::default(),
            next_id: Cell::default(),
            queue: Arc::default(),
            held: RefCell::default(),
        }
    }

    pub(super) fn spawn(&self, place: Place, future: TaskFuture) {
        let id = self.next_id.get();
        self.next_id.set(id + 1);
        let waker = Arc::new(TaskWaker {
            id,
            queued: AtomicBool::new(false),
            queue: self.queue.clone(),
        });
        self.tasks.borrow_mut().insert(
            id,
            Task {
                place,
                future: Some(future),
                waker: waker.clone(),
            },
        );
        waker.wake();
    }

    pub(super) fn is_idle(&self) -> bool {
        self.queue.woken().is_empty()
    }

    /// Sets whether the event loop is awake, and so need not be woken.
    pub(super) fn set_awake(&self, awake: bool) {
        self.queue.awake.store(awake, Ordering::Release);
    }

    pub(super) fn set_root(&self, waker: &Waker) {
        let mut root = self.queue.root();
        if !root.as_ref().is_some_and(|known| known.will_wake(waker)) {
            *root = Some(waker.clone());
        }
    }

    /// The next task to poll. Woken tasks of paused hosts are moved to `held`.
    pub(super) fn next_ready(&self, is_paused: impl Fn(HostId) -> bool) -> Option<Ready> {
        loop {
            let id = {
                let mut woken = self.queue.woken();
                let at = self.scheduler.borrow_mut().pick(&woken)?;
                woken.remove(at)?
            };
            let mut tasks = self.tasks.borrow_mut();
            let Some(task) = tasks.get_mut(&id) else { continue };
            if is_paused(task.place.host) {
                self.held.borrow_mut().push((task.place.host, id));
                continue;
            }
            task.waker.queued.store(false, Ordering::Release);
            let Some(future) = task.future.take() else { continue };
            return Some(Ready {
                id,
                place: task.place,
                future,
                waker: Waker::from(task.waker.clone()),
            });
        }
    }

    /// Puts back a task that has not finished.
    pub(super) fn put_back(&self, id: TaskId, future: TaskFuture) {
        if let Some(task) = self.tasks.borrow_mut().get_mut(&id) {
            task.future = Some(future);
        }
    }

    /// Removes a task that has finished; the caller owns its future.
    pub(super) fn finish(&self, id: TaskId) {
        self.scheduler.borrow_mut().forget(id);
        self.tasks.borrow_mut().swap_remove(&id);
    }

    /// Queues the tasks that were held back while a host was paused, in the order of waking.
    pub(super) fn release(&self, host: HostId) {
        let held = self.held.take();
        let (released, held) = held.into_iter().partition::<Vec<_>, _>(|(of, _)| *of == host);
        self.held.replace(held);
        self.queue.woken().extend(released.into_iter().map(|(_, id)| id));
    }

    /// The host's tasks, in the order of spawning.
    pub(super) fn tasks_of(&self, host: HostId) -> Vec<TaskId> {
        let tasks = self.tasks.borrow();
        let those = tasks.iter().filter(|(_, task)| task.place.host == host);
        let mut ids: Vec<_> = those.map(|(id, _)| *id).collect();
        ids.sort_unstable();
        ids
    }

    pub(super) fn remove(&self, id: TaskId) -> Option<(Place, Option<TaskFuture>)> {
        self.scheduler.borrow_mut().forget(id);
        let task = self.tasks.borrow_mut().swap_remove(&id)?;
        Some((task.place, task.future))
    }

    /// The remaining task that was spawned first.
    pub(super) fn first(&self) -> Option<TaskId> {
        self.tasks.borrow().keys().min().copied()
    }
}
