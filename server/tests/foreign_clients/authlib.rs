//! Authlib (PyPI), in a Flask application.

use super::{World, installed, left_out, who};
use crate::support::Server;
use std::process::{Command, Stdio};

#[test]
fn authlib_logs_in_twice() {
    let own = installed().join("venv/bin/python");
    let python = if own.exists() { own } else { "python3".into() };
    let imports = Command::new(&python)
        .args(["-c", "import authlib, flask, requests"])
        .stderr(Stdio::null())
        .status();
    if !imports.is_ok_and(|imports| imports.success()) {
        return left_out("Authlib with Flask and Requests");
    }
    let mut world = World::new("authlib", "/callback");
    let mut app = Command::new(python);
    app.arg("-c").arg(include_str!("app.py")).args(world.arguments());
    world.ann_logs_in_twice(Server::start(app), "/login", who);
}
