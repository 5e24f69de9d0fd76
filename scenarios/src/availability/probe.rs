//! A probe of one replica from outside, past the balancer. Behind the balancer a replica that serves nobody goes
//! unnoticed, because the other one answers in its place (inventory 33, 34).

use crate::{
    people::{
        calm::{self, Style},
        person::Person,
    },
    world::{CodeFeed, Scene},
};
use std::sync::Arc;

/// A calm login in which the browser and the relying party know one replica only. Nobody else sees its codes, so a
/// failure is caused by the replica.
pub(crate) async fn log_in_at(scene: &Scene, who: &str, replica: &str, label: &str) {
    let door = scene.replicas.iter().find(|door| door.0 == replica);
    let scene = Scene {
        balancer: door.expect("plans are checked").clone(),
        codes: CodeFeed::default(),
        ..scene.clone()
    };
    calm::log_in(&Arc::new(Person::new(&scene, who, who, label)), Style::CALM).await;
}
