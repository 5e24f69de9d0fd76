//! Panics of simulated code. They are caught and not printed.

use std::{
    cell::{Cell, RefCell},
    panic::{self, AssertUnwindSafe, PanicHookInfo},
    sync::Once,
};

thread_local! {
    static CATCHING: Cell<bool> = const { Cell::new(false) };
    static LOCATION: RefCell<String> = const { RefCell::new(String::new()) };
}

/// Runs `work`.
///
/// # Errors
/// The message and the location of its panic.
pub(crate) fn catch<R>(work: impl FnOnce() -> R) -> Result<R, String> {
    let outer = CATCHING.replace(true);
    let result = panic::catch_unwind(AssertUnwindSafe(work));
    CATCHING.set(outer);
    result.map_err(|payload| {
        let said = payload
            .downcast_ref::<String>()
            .map(String::as_str)
            .or_else(|| payload.downcast_ref::<&str>().copied())
            .unwrap_or("a panic without words");
        format!("{said} ({})", LOCATION.take())
    })
}

/// Installs a panic hook. The process's own hook still handles every panic that is not caught by [`catch`].
pub(crate) fn install_hook() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let previous = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if CATCHING.get() {
                LOCATION.set(location(info));
            } else {
                previous(info);
            }
        }));
    });
}

/// File and line of a panic, without the part of the path that differs between machines.
fn location(info: &PanicHookInfo<'_>) -> String {
    let Some(at) = info.location() else {
        return "somewhere".into();
    };
    let file = at.file();
    let file = file
        .split_once("/registry/src/")
        .and_then(|(_, rest)| rest.split_once('/'))
        .map_or(file, |(_, rest)| rest);
    format!("{file}:{}", at.line())
}
