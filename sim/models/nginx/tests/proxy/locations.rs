//! Two `upstream` blocks of one server each: `/page` goes to `a`, and to `b` if that does not answer.

use super::bench::{Behaviour::*, Bench, bench, every_second};
use http::Method;
use model_nginx::{Location, NginxConfig, PathMatch};

fn located(config: &mut NginxConfig) {
    config.upstreams = vec![vec![("b".into(), 8080)], vec![("a".into(), 8080)]];
    config.locations = vec![Location {
        path: PathMatch::Exact("/page".into()),
        upstream: 1,
        error_page: Some(0),
    }];
}

fn without_error_page(config: &mut NginxConfig) {
    located(config);
    config.locations[0].error_page = None;
}

fn killed(bench: Bench, hosts: &'static [&str]) -> Bench {
    for host in hosts {
        bench.engine.at(500, |engine| engine.kill(engine.host(host).unwrap()));
    }
    bench.run()
}

#[test]
fn a_location_has_an_upstream_block_of_its_own() {
    let bench = bench(every_second(3, Method::GET), located).run();
    assert_eq!(bench.first_lines(), ["a", "a", "a"]);
}

#[test]
fn an_error_page_gets_the_request_as_it_is() {
    let bench = killed(bench(every_second(2, Method::POST), located), &["a"]);
    assert_eq!(bench.first_lines(), ["b", "b"]);
    assert!(bench.answers()[0].ends_with("x=1"), "{:?}", bench.answers());
    let observed = bench.observed();
    assert!(observed[0].starts_with("502 for POST /page: a refused"), "{observed:?}");
    assert!(observed[0].ends_with("an error page is asked for"), "{observed:?}");
}

#[test]
fn a_post_that_may_have_been_done_goes_there_too() {
    let bench = bench(every_second(1, Method::POST), located);
    *bench.upstreams[0].lock().unwrap() = ClosesBeforeHeaders;
    let bench = bench.run();
    assert_eq!(bench.first_lines(), ["b"]);
    assert_eq!(bench.executed().len(), 2, "{:?}", bench.executed());
}

#[test]
fn whatever_it_answers_is_the_clients_and_what_a_server_says_itself_is_passed_on() {
    for (status, killed_ones) in [(503, &["a"][..]), (500, &[])] {
        let bench = bench(every_second(1, Method::GET), located);
        let says = if killed_ones.is_empty() { 0 } else { 1 };
        *bench.upstreams[says].lock().unwrap() = Answers(status);
        assert_eq!(killed(bench, killed_ones).first_lines(), [status.to_string()]);
    }
}

#[test]
fn it_has_none_itself() {
    let bench = killed(bench(every_second(1, Method::GET), located), &["a", "b"]);
    assert_eq!(
        (bench.first_lines(), bench.observed().len()),
        (vec!["502".to_owned()], 2)
    );
}

#[test]
fn without_one_the_balancer_answers_by_itself() {
    let bench = killed(bench(every_second(1, Method::GET), without_error_page), &["a"]);
    assert_eq!(
        (bench.first_lines(), bench.observed().len()),
        (vec!["502".to_owned()], 1)
    );
}
