//! Connections to upstreams that carry several requests, and what happens when one has been closed meanwhile.

use super::bench::{
    Behaviour::{ClosesBeforeHeaders, ClosesSoon},
    Bench, bench, bench_with_deadline, every_second,
};
use http::Method;
use model_nginx::NginxConfig;
use std::{sync::Arc, time::Duration};

fn with_keepalive(config: &mut NginxConfig) {
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
fn a_connection_carries_several_requests() {
    let bench = bench(every_second(6, Method::GET), with_keepalive).run();
    assert_eq!(carried_by(&bench), ["a1", "b1", "a1", "b1", "a1", "b1"]);
}

#[test]
fn without_keepalive_a_connection_carries_one_request() {
    let bench = bench(every_second(4, Method::GET), |_| {}).run();
    assert_eq!(carried_by(&bench), ["a1", "b1", "a2", "b2"]);
}

#[test]
fn concurrent_requests_have_connections_of_their_own_and_only_one_is_kept() {
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
fn a_connection_that_was_idle_for_a_minute_is_closed() {
    let at = [1_000, 2_000, 60_900, 122_000];
    let bench = bench(at.map(|at_ms| (at_ms, Method::GET)).to_vec(), with_keepalive);
    assert_eq!(carried_by(&bench.run()), ["a1", "b1", "a1", "b2"]);
}

#[test]
fn a_connection_that_closes_on_reuse_is_502_for_post_and_is_retried_for_get() {
    for (method, third) in [(Method::POST, "502"), (Method::GET, "b")] {
        let bench = bench(every_second(4, method.clone()), with_keepalive);
        let behaviour = Arc::clone(&bench.upstreams[0]);
        bench
            .engine
            .at(2500, move |_| *behaviour.lock().unwrap() = ClosesBeforeHeaders);
        let bench = bench.run();
        assert_eq!(bench.first_lines(), ["a", "b", third, "b"], "{method}: a is out");
    }
}

#[test]
fn after_a_close_a_new_connection_is_made() {
    let bench = bench(every_second(4, Method::POST), with_keepalive);
    bench.engine.at(2500, |engine| engine.kill(engine.host("a").unwrap()));
    bench.engine.at(2600, |engine| engine.start(engine.host("a").unwrap()));
    assert_eq!(
        carried_by(&bench.run()),
        ["a1", "b1", "a1", "b1"],
        "a's second life counts anew"
    );
}

#[test]
fn nobody_waits_for_a_connection_on_which_a_request_is_still_sent() {
    let patient = Duration::from_secs(1);
    let bench = bench_with_deadline(patient, every_second(4, Method::PUT), with_keepalive);
    *bench.upstreams[0].lock().unwrap() = ClosesSoon;
    assert_eq!(bench.run().first_lines(), ["204", "b", "204", "b"]);
}

#[test]
fn a_host_that_lost_power_resets_the_old_connection() {
    let bench = bench(every_second(4, Method::POST), with_keepalive);
    bench
        .engine
        .at(2500, |engine| engine.power_loss(engine.host("a").unwrap()));
    bench.engine.at(2600, |engine| engine.start(engine.host("a").unwrap()));
    let bench = bench.run();
    assert_eq!(bench.first_lines(), ["a", "b", "502", "b"]);
    assert!(bench.executed().iter().filter(|by| by.starts_with("a ")).count() == 1);
}
