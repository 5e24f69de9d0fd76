//! People who have logged in in a browser before, and come back.

use crate::{
    oddities::odd::Odd,
    people::{
        browser::Browser,
        calm::{self, Style},
        person::Person,
    },
    world::Scene,
};
use std::{sync::Arc, time::Duration};
use tokio::time::sleep;

/// The same world for somebody whose client asks for a login, although the browser may be logged in.
pub(crate) fn asking_for_a_login(scene: &Scene) -> Scene {
    scene.as_odd(Odd {
        asks: vec![("prompt".to_owned(), "login".to_owned())],
        ..Odd::default()
    })
}

/// A browser in which somebody has logged in, if they could.
pub(crate) async fn logged_in(scene: &Scene, who: &str, known_as: &str, label: &str) -> Browser {
    let person = Arc::new(Person::new(scene, who, known_as, label));
    calm::log_in(&person, Style::CALM).await;
    let person = Arc::into_inner(person).expect("whoever has logged in is done");
    person.browser
}

/// Logs in in several browsers one after the other, and later once more in each.
pub(crate) async fn use_many(
    scene: &Scene,
    (who, label): (&str, &str),
    browsers: u32,
    every: Duration,
    back_after: Duration,
) {
    let mut used = vec![];
    for number in 0..browsers {
        used.push(logged_in(scene, who, who, &format!("{label} {number}")).await);
        sleep(every).await;
    }
    sleep(back_after).await;
    for (number, browser) in used.into_iter().enumerate() {
        let mut person = Person::new(&asking_for_a_login(scene), who, who, &format!("{label} {number} again"));
        person.browser = browser;
        calm::log_in(&Arc::new(person), Style::CALM).await;
    }
}
