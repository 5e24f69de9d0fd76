//! Connections to upstreams that carry several requests, and what happens when one has been closed meanwhile.

use super::bench::{Behaviour::ClosesBeforeHeaders, Bench, bench, every_second};
use http::Method;
use model_nginx::NginxConfig;
use std::sync::Arc;

fn kept(config: &mut NginxConfig) {
    config.keepalive = 16;
}

/// Which connection carried each request: `a1` is the first one to upstream `a`.
fn carried_by(bench: &Bench) -> Vec<String> {
    let carrier = |text: &str| {
        let mut lines = text.lines();
        let host = lines.next().unwrap_or_default();
        let connection = lines.next().and_then(|line| line.strip_prefix("connection "));
        format!("{host}{}", connection.unwrap_or_default())
    };
    bench.answers().iter().map(|text| carrier(text)).collect()
}

#[test]
fn a_connection_carries_one_request_after_the_other() {
    let bench = bench(every_second(6, Method::GET), kept).run();
    assert_eq!(carried_by(&bench), ["a1", "b1", "a1", "b1", "a1", "b1"]);
}

#[test]
fn without_keepalive_it_carries_one() {
    let bench = bench(every_second(4, Method::GET), |_| {}).run();
    assert_eq!(carried_by(&bench), ["a1", "b1", "a2", "b2"]);
}

#[test]
fn requests_at_the_same_time_have_connections_of_their_own_and_one_too_many_is_closed() {
    let together = |at_ms| (0..4).map(move |_| (at_ms, Method::GET));
    let bench = bench(together(1000).chain(together(2000)).collect(), |config| {
        config.keepalive = 1
    })
    .run();
    let mut carried = carried_by(&bench);
    carried[..4].sort();
    carried[4..].sort();
    assert_eq!(carried[..4], ["a1", "a2", "b1", "b2"]);
    let again = carried[4..].iter().filter(|by| carried[..4].contains(by)).count();
    assert_eq!(again, 1, "{carried:?}");
}

#[test]
fn one_that_has_waited_for_a_minute_is_closed() {
    let at = [1_000, 2_000, 60_900, 122_000];
    let bench = bench(at.map(|at_ms| (at_ms, Method::GET)).to_vec(), kept);
    assert_eq!(carried_by(&bench.run()), ["a1", "b1", "a1", "b2"]);
}

#[test]
fn one_that_closes_on_reuse_is_502_for_post_and_goes_on_to_the_next_for_get() {
    for (method, third) in [(Method::POST, "502"), (Method::GET, "b")] {
        let bench = bench(every_second(4, method.clone()), kept);
        let behaviour = Arc::clone(&bench.upstreams[0]);
        bench
            .engine
            .at(2500, move |_| *behaviour.lock().unwrap() = ClosesBeforeHeaders);
        let bench = bench.run();
        assert_eq!(bench.first_lines(), ["a", "b", third, "b"], "{method}: a is out");
    }
}

#[test]
fn who_has_said_that_it_closes_is_connected_to_anew() {
    let bench = bench(every_second(4, Method::POST), kept);
    bench.engine.at(2500, |engine| engine.kill(engine.host("a").unwrap()));
    bench.engine.at(2600, |engine| engine.start(engine.host("a").unwrap()));
    assert_eq!(
        carried_by(&bench.run()),
        ["a1", "b1", "a1", "b1"],
        "a's second life counts anew"
    );
}

#[test]
fn who_has_lost_power_resets_what_comes_over_the_old_connection() {
    let bench = bench(every_second(4, Method::POST), kept);
    bench
        .engine
        .at(2500, |engine| engine.power_loss(engine.host("a").unwrap()));
    bench.engine.at(2600, |engine| engine.start(engine.host("a").unwrap()));
    let bench = bench.run();
    assert_eq!(bench.first_lines(), ["a", "b", "502", "b"]);
    assert!(bench.executed().iter().filter(|by| by.starts_with("a ")).count() == 1);
}
