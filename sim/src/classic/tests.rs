//! Tests of behaviour that only this engine has; `simulator/tests.rs` has the behaviour that both engines must have.

use super::*;
use crate::{
    engine::{ArrivalOrder, EngineError, Inert, Order},
    plan::Plan,
    simulator::EngineKind,
    testing::Shop,
};
use seams::{BoxFuture, Env};
use std::future::{pending, poll_fn};
use std::task::Poll;

fn performed(server: fn(Env) -> BoxFuture<'static, ()>, client: fn(Env) -> BoxFuture<'static, ()>) -> EngineError {
    let mut engine = EngineKind::Turmoil.build(EngineConfig::default());
    for (name, main) in [("server", server), ("client", client)] {
        let host = engine.add_host(name, Arc::new(Inert), Arc::new(Inert), Box::new(main));
        engine.at(0, move |engine| engine.start(host));
    }
    let run = engine.run(2000);
    assert_eq!(engine.panics(), [], "nothing that the hosts did");
    run.expect_err("turmoil panics")
}

/// Connects `times` times, without waiting for any of the connections.
fn connecting(env: Env, times: u32) -> BoxFuture<'static, ()> {
    Box::pin(async move {
        let mut connects: Vec<_> = (0..times).map(|_| env.network.connect("server", 9)).collect();
        poll_fn(|cx| {
            for connect in &mut connects {
                assert!(connect.as_mut().poll(cx).is_pending());
            }
            Poll::Ready(())
        })
        .await;
        pending().await
    })
}

fn listening(env: Env) -> BoxFuture<'static, ()> {
    Box::pin(async move {
        let _listener = env.network.listen(9).await.expect("port 9 is free");
        pending().await
    })
}

#[test]
fn what_overwhelms_turmoil_is_an_error_of_the_harness() {
    let error = performed(listening, |env| connecting(env, 2000));
    let EngineError::Turmoil { what, .. } = &error else {
        panic!("{error}")
    };
    assert!(what.contains("server socket buffer full"), "{error}");
}

#[test]
fn a_host_out_of_ports_is_an_error_of_the_harness_too() {
    let error = performed(|_| Box::pin(async {}), |env| connecting(env, 20_000));
    let EngineError::Turmoil { what, .. } = &error else {
        panic!("{error}")
    };
    assert!(what.contains("ports exhausted"), "{error}");
}

#[test]
fn a_plan_with_an_order_of_its_own_is_refused_by_name() {
    let plain = Plan::<Shop>::new("calm_day", 1, 1_000);
    assert_eq!(fits(&plain), Ok(()));
    let refused = |plan: Plan<Shop>| fits(&plan).expect_err("it does not fit").to_string();
    let tasks = refused(Plan {
        order: Order::Shuffled,
        ..plain.clone()
    });
    assert!(tasks.contains("(order = Shuffled)"), "{tasks}");
    let arrivals = refused(Plan {
        arrival_order: ArrivalOrder::Shuffled,
        ..plain
    });
    assert!(arrivals.contains("(arrival_order = Shuffled)"), "{arrivals}");
}
