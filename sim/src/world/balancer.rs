//! The model of nginx as a host of a world, with the options of a plan.

use super::{Host, HostKind, Installed};
use crate::{history::Event, service::Service};
pub use model_nginx::{ForwardedFor, PathMatch};
use model_nginx::{Location, NginxConfig};
use serde::{Deserialize, Serialize};
use std::{sync::Arc, time::Duration};

/// The options of nginx.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct NginxOptions {
    /// `proxy_connect_timeout`, milliseconds.
    pub connect_timeout_ms: u64,
    /// `proxy_read_timeout`, milliseconds.
    pub read_timeout_ms: u64,
    /// `fail_timeout`, milliseconds.
    pub fail_timeout_ms: u64,
    /// `keepalive` to the upstreams: the number of idle connections that it keeps. 0 means a new connection for each
    /// request.
    pub keepalive: u32,
    /// The header in which it tells the address of the client.
    #[serde(skip)]
    pub forwarded_for: ForwardedFor,
    /// The paths that go to another port of the service's processes than others.
    #[serde(skip)]
    pub locations: Vec<LocationOptions>,
}

/// A `location` of nginx.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocationOptions {
    /// Which paths.
    pub path: PathMatch,
    /// The port of the processes to which they go.
    pub port: u16,
    /// The port of them that answers instead if no process answers at that one (`error_page 502 504`).
    pub error_page: Option<u16>,
}

impl Default for NginxOptions {
    fn default() -> NginxOptions {
        NginxOptions {
            connect_timeout_ms: 1000,
            read_timeout_ms: 5000,
            fail_timeout_ms: 2000,
            keepalive: 16,
            forwarded_for: ForwardedFor::default(),
            locations: vec![],
        }
    }
}

impl NginxOptions {
    /// Options with a new upstream connection for each request, as nginx does if `keepalive` is not configured. If the
    /// other end of a kept connection has died silently, a POST gets a 502 (measured on nginx 1.22.1: only a request
    /// that was never sent goes to the next upstream).
    pub fn without_keepalive() -> NginxOptions {
        NginxOptions {
            keepalive: 0,
            ..NginxOptions::default()
        }
    }
}

/// The balancer in front of these hosts: their `port` is for all paths that have no location.
pub(super) fn nginx<S: Service>(
    name: &str,
    listens_on: u16,
    hosts: &[String],
    port: u16,
    options: &NginxOptions,
) -> Host<S> {
    let mut ports = vec![port];
    let mut number = |port: u16| {
        let known = ports.iter().position(|other| *other == port);
        known.unwrap_or_else(|| {
            ports.push(port);
            ports.len() - 1
        })
    };
    let locations = options.locations.iter();
    let locations: Vec<Location> = locations
        .map(|location| Location {
            path: location.path.clone(),
            upstream: number(location.port),
            error_page: location.error_page.map(&mut number),
        })
        .collect();
    let servers = |port: &u16| hosts.iter().map(|host| (host.clone(), *port)).collect();
    let config = NginxConfig {
        upstreams: ports.iter().map(servers).collect(),
        locations,
        fail_timeout: Duration::from_millis(options.fail_timeout_ms),
        keepalive: options.keepalive as usize,
        forwarded_for: options.forwarded_for,
        connect_timeout: Duration::from_millis(options.connect_timeout_ms),
        read_timeout: Duration::from_millis(options.read_timeout_ms),
        ..NginxConfig::new(listens_on, vec![])
    };
    Host::new(name, HostKind::Balancer, move |start| {
        let (recorder, host, config) = (start.recorder.clone(), start.host.to_owned(), config.clone());
        Installed::new(Box::new(move |env| {
            let (recorder, host) = (recorder.clone(), host.clone());
            let observer = move |says| recorder.note(&host, Event::Balancer { says });
            let serving = model_nginx::serve(env, config.clone(), Arc::new(observer));
            Box::pin(async { serving.await.expect("the port is free: nothing else runs on this host") })
        }))
    })
}
