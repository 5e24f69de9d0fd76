//! openid-client (npm), in a server for Node.js.

use super::{World, installed, left_out, who};
use crate::support::Server;
use std::{fs, process::Command};

#[test]
fn openid_client_logs_in_twice() {
    let node_has_it = Command::new("node").arg("--version").output().is_ok();
    if !node_has_it || !installed().join("node_modules/openid-client").exists() {
        return left_out("openid-client for Node.js");
    }
    let mut world = World::new("openid-client", "/callback");
    // Node looks for a module's packages beside it.
    let script = installed().join("app.mjs");
    fs::write(&script, include_str!("app.mjs")).expect("a file");
    let mut app = Command::new("node");
    app.arg(script).args(world.arguments());
    world.ann_logs_in_twice(Server::start(app), "/login", who);
}
