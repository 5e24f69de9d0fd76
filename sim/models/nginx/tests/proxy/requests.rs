//! What the client sees, and who executed what, row by row.

use super::bench::{Behaviour::*, bench, bench_with_deadline, every_second};
use http::Method;
use model_nginx::ForwardedFor;
use std::time::Duration;

#[test]
fn one_worker_is_exact_round_robin() {
    let bench = bench(every_second(6, Method::GET), |_| {}).run();
    assert_eq!(bench.first_lines(), ["a", "b", "a", "b", "a", "b"]);
}

#[test]
fn the_upstream_receives_host_client_and_scheme() {
    let bench = bench(every_second(1, Method::POST), |_| {}).run();
    let answer = bench.answers()[0].to_lowercase();
    for expected in [
        "post /page?q=1 http/1.1",
        "host: app.example",
        "x-forwarded-proto: https",
        "connection: close",
    ] {
        assert!(answer.contains(expected), "{expected:?} is not in {answer}");
    }
    let client = bench.engine.ip(bench.engine.host("client").unwrap());
    assert!(answer.contains(&format!("x-forwarded-for: {client}")), "{answer}");
    assert!(answer.ends_with("x=1"), "{answer}");
}

#[test]
fn the_client_may_be_told_in_the_header_of_the_standard() {
    let bench = bench(every_second(1, Method::GET), |config| {
        config.forwarded_for = ForwardedFor::Forwarded;
    })
    .run();
    let answer = bench.answers()[0].to_lowercase();
    let client = bench.engine.ip(bench.engine.host("client").unwrap());
    assert!(
        answer.contains(&format!("forwarded: for={client};proto=https")),
        "{answer}"
    );
    assert!(!answer.contains("x-forwarded-for"), "{answer}");
    let v6 = "2001:db8::7".parse().unwrap();
    assert_eq!(ForwardedFor::element(v6), "for=\"[2001:db8::7]\"");
}

#[test]
fn after_a_refused_connection_the_next_is_tried_for_post_too_and_the_dead_one_is_out() {
    let bench = bench(every_second(4, Method::POST), |_| {});
    bench.engine.at(500, |engine| engine.kill(engine.host("a").unwrap()));
    let bench = bench.run();
    assert_eq!(bench.first_lines(), ["b", "b", "b", "b"]);
    assert!(bench.observed().is_empty());
}

#[test]
fn an_upstream_that_is_back_gets_requests_again_after_fail_timeout() {
    let bench = bench(every_second(20, Method::GET), |_| {});
    bench.engine.at(500, |engine| engine.kill(engine.host("a").unwrap()));
    bench.engine.at(3500, |engine| engine.start(engine.host("a").unwrap()));
    let answers = bench.run().first_lines();
    let first_again = answers.iter().position(|answer| answer == "a").expect("asked again");
    // failed at 1 s, so out until 11 s; its weight has dropped, which costs it two more turns
    assert!((10..=13).contains(&first_again), "{answers:?}");
}

#[test]
fn after_a_dropped_syn_the_next_is_tried_after_the_connect_timeout() {
    let bench = bench(every_second(1, Method::POST), |_| {});
    bench.engine.at(500, |engine| {
        engine.cut_one_way(engine.host("balancer").unwrap(), engine.host("a").unwrap());
    });
    assert_eq!(bench.run().first_lines(), ["b"]);
}

#[test]
fn a_close_before_the_headers_is_502_for_post_and_is_retried_for_get() {
    for (method, answer, executions) in [
        (Method::POST, "502", 1),
        (Method::GET, "b", 2),
        (Method::DELETE, "b", 2),
    ] {
        let bench = bench(every_second(1, method.clone()), |_| {});
        *bench.upstreams[0].lock().unwrap() = ClosesBeforeHeaders;
        let bench = bench.run();
        assert_eq!(bench.first_lines(), [answer], "{method}");
        assert_eq!(bench.executed().len(), executions, "{method}: {:?}", bench.executed());
    }
}

#[test]
fn with_non_idempotent_a_post_is_executed_twice() {
    let bench = bench(every_second(1, Method::POST), |config| config.non_idempotent = true);
    *bench.upstreams[0].lock().unwrap() = ClosesBeforeHeaders;
    let bench = bench.run();
    assert_eq!(bench.first_lines(), ["b"]);
    assert_eq!(bench.executed().len(), 2);
}

#[test]
fn a_paused_upstream_is_504_for_post_is_retried_for_get_and_executes_both_when_it_resumes() {
    for (method, answer) in [(Method::GET, "b"), (Method::POST, "504")] {
        let bench = bench(every_second(1, method.clone()), |_| {});
        bench.engine.at(500, |engine| engine.pause(engine.host("a").unwrap()));
        bench
            .engine
            .at(10_000, |engine| engine.resume(engine.host("a").unwrap()));
        let bench = bench.run();
        assert_eq!(bench.first_lines(), [answer], "{method}");
        assert!(
            bench.executed().iter().any(|e| e.starts_with("a ")),
            "{:?}",
            bench.executed()
        );
    }
}

#[test]
fn an_answer_of_500_or_503_is_passed_through_and_is_no_failure() {
    for status in [500, 503] {
        let bench = bench(every_second(4, Method::GET), |_| {});
        *bench.upstreams[0].lock().unwrap() = Answers(status);
        let status = status.to_string();
        assert_eq!(bench.run().first_lines(), [status.as_str(), "b", status.as_str(), "b"]);
    }
}

#[test]
fn with_both_down_the_first_request_tries_both_and_the_next_ones_neither() {
    let bench = bench(every_second(14, Method::GET), |_| {});
    for host in ["a", "b"] {
        bench
            .engine
            .at(500, move |engine| engine.kill(engine.host(host).unwrap()));
        bench
            .engine
            .at(3500, move |engine| engine.start(engine.host(host).unwrap()));
    }
    let bench = bench.run();
    let answers = bench.first_lines();
    assert!(answers[..10].iter().all(|answer| answer == "502"), "{answers:?}");
    assert!(["a", "b"].contains(&answers[13].as_str()), "{answers:?}");
    let observed = bench.observed();
    assert!(observed[0].contains("refused"), "{observed:?}");
    assert!(observed[1].contains("no live upstreams"), "{observed:?}");
}

#[test]
fn an_upstream_that_dies_within_its_answer_truncates_it() {
    let bench = bench(every_second(1, Method::GET), |_| {});
    *bench.upstreams[0].lock().unwrap() = DiesMidBody;
    let bench = bench.run();
    assert!(
        bench.first_lines()[0].starts_with("broken off"),
        "{:?}",
        bench.first_lines()
    );
    assert_eq!(bench.executed().len(), 1, "no retry");
}

#[test]
fn an_answer_that_is_not_http_closes_the_connection_and_is_no_failure() {
    let bench = bench(every_second(3, Method::GET), |_| {});
    *bench.upstreams[0].lock().unwrap() = AnswersNoHttp;
    let bench = bench.run();
    let answers = bench.first_lines();
    assert!(
        answers[0].starts_with("broken off") && answers[2] == answers[0],
        "{answers:?}"
    );
    assert_eq!(answers[1], "b");
    assert_eq!(
        bench.executed().len(),
        3,
        "no upstream is tried twice, and none is taken out"
    );
}

#[test]
fn a_hanging_upstream_costs_the_read_timeout() {
    let bench = bench(every_second(2, Method::POST), |_| {});
    *bench.upstreams[0].lock().unwrap() = Hangs;
    let bench = bench.run();
    assert_eq!(bench.first_lines(), ["504", "b"]);
    assert!(bench.observed()[0].starts_with("504 for POST /page: a did not answer in time"));
}

#[test]
fn a_client_that_closes_is_499_and_the_upstream_executes_nevertheless() {
    for method in [Method::GET, Method::POST] {
        let requests = vec![(1000, method.clone())];
        let bench = bench_with_deadline(Duration::from_millis(300), requests, |_| {});
        *bench.upstreams[0].lock().unwrap() = IsSlow;
        let bench = bench.run();
        assert_eq!(bench.first_lines(), ["no answer in time"]);
        assert_eq!(bench.executed(), [format!("a {method} /page?q=1 HTTP/1.1")], "no retry");
        let says = format!("499 for {method} /page: the client went away");
        assert_eq!(bench.observed(), [says]);
    }
}

#[test]
fn a_client_that_closes_after_its_answer_is_not_reported() {
    let bench = bench(every_second(3, Method::POST), |_| {}).run();
    assert!(bench.observed().is_empty());
}
