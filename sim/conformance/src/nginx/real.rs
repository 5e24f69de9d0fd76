//! Runs a sequence through a real nginx, on reserved ports of the loopback.

use super::{
    Exchange, FAIL_TIMEOUT_S, READ_TIMEOUT_S, Sequence,
    locations::locations,
    traffic::{Shared, run_requests, upstream},
};
use crate::{
    port::Port,
    process::{Process, Unavailable},
};
use model_nginx::{Location, PathMatch};
use std::{
    collections::BTreeSet,
    fs, io,
    net::{IpAddr, Ipv4Addr},
};

/// Runs a sequence. Takes as long as its waits and time-outs.
///
/// # Errors
/// nginx is not installed, or does not listen within 10 s.
pub fn run(sequence: &Sequence) -> Result<Vec<Exchange>, Unavailable> {
    let broken = |why: io::Error| Unavailable::broken("nginx", why);
    let port = || Port::reserve().map_err(broken);
    let reserved = [port()?, port()?, port()?, port()?, port()?];
    let [balancer, servers @ ..] = reserved.each_ref().map(Port::number);
    let [a, b, c, d] = servers;
    let (upstreams, locations) = match sequence.has_locations {
        true => (vec![vec![c, d], vec![a, b]], locations()),
        false => (vec![vec![a, b]], vec![]),
    };
    let _nginx = start(&Balancer {
        port: balancer,
        upstreams,
        locations,
        fail_timeout_s: FAIL_TIMEOUT_S,
        read_timeout_s: READ_TIMEOUT_S,
        non_idempotent: sequence.non_idempotent,
        keepalive: if sequence.keepalive { 16 } else { 0 },
    })?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(broken)?;
    Ok(runtime.block_on(async {
        let (env, shared) = (seams_os::env("client", IpAddr::V4(Ipv4Addr::LOCALHOST)), Shared::new());
        for (index, port) in servers.into_iter().enumerate() {
            env.spawn(upstream(env.clone(), port, index, shared.clone()));
        }
        run_requests(&env, "127.0.0.1", balancer, &sequence.requests, &shared).await
    }))
}

/// The part of nginx's configuration that differs. All else is as the model has it: see [`model_nginx::NginxConfig`].
#[derive(Debug, Clone)]
pub struct Balancer {
    /// `listen`, on the loopback.
    pub port: u16,
    /// The `upstream` blocks: the `server`s of each, on the loopback. Requests for which there is no location go to the first.
    pub upstreams: Vec<Vec<u16>>,
    /// `location`s besides `location /`.
    pub locations: Vec<Location>,
    /// `fail_timeout`, seconds.
    pub fail_timeout_s: u64,
    /// `proxy_read_timeout`, seconds.
    pub read_timeout_s: u64,
    /// `proxy_next_upstream … non_idempotent`.
    pub non_idempotent: bool,
    /// `keepalive`: how many idle connections are kept.
    pub keepalive: u32,
}

/// Starts a real nginx as a balancer. It is listening when this function returns.
///
/// # Errors
/// nginx is not installed, or does not listen within 10 s.
pub fn start(balancer: &Balancer) -> Result<Process, Unavailable> {
    let port = balancer.port;
    let repeat = match balancer.non_idempotent {
        true => "error timeout non_idempotent",
        false => "error timeout",
    };
    let (keep, kept) = match balancer.keepalive {
        0 => (String::new(), ""),
        many => (
            format!("keepalive {many};\n"),
            "proxy_http_version 1.1;\nproxy_set_header Connection \"\";\n",
        ),
    };
    let process = Process::start("nginx", |command, folder| {
        let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .iter()
            .map(|what| format!("{what}_temp_path {}/{what};\n", folder.display()))
            .collect();
        let text = format!(
            "daemon off;\nmaster_process off;\nworker_processes 1;\npid {0}/pid;\nerror_log {0}/error.log;\n\
             events {{ }}\nhttp {{\naccess_log off;\n{temporary}{1}\
             server {{\nlisten 127.0.0.1:{port};\n\
             proxy_set_header Host $http_host;\n\
             proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;\n\
             proxy_set_header X-Forwarded-Proto https;\n\
             proxy_connect_timeout 1s;\nproxy_read_timeout {2}s;\nproxy_next_upstream {repeat};\n{kept}{3}}}\n}}\n",
            folder.display(),
            upstreams(balancer, &keep),
            balancer.read_timeout_s,
            locations_of(balancer),
        );
        let file = folder.join("nginx.conf");
        // If it cannot be written, nginx does not start.
        let _ = fs::write(&file, text);
        command
            .arg("-p")
            .arg(folder)
            .arg("-c")
            .arg(file)
            .arg("-e")
            .arg(folder.join("error.log"));
    })?;
    process.wait_until_listening(port)?;
    Ok(process)
}

/// The `upstream` blocks.
fn upstreams(balancer: &Balancer, keep: &str) -> String {
    let server = |port: &u16| {
        let fail_timeout_s = balancer.fail_timeout_s;
        format!("server 127.0.0.1:{port} max_fails=1 fail_timeout={fail_timeout_s}s;\n")
    };
    let blocks = balancer.upstreams.iter().enumerate();
    blocks
        .map(|(number, servers)| {
            let servers: String = servers.iter().map(server).collect();
            format!("upstream replicas_{number} {{\n{servers}{keep}}}\n")
        })
        .collect()
}

/// `location /`, the others, and those that answer for them.
fn locations_of(balancer: &Balancer) -> String {
    let pass = |upstream: usize| format!("proxy_pass http://replicas_{upstream};\n");
    let mut text = format!("location / {{\n{}}}\n", pass(0));
    let error_pages: BTreeSet<usize> = balancer
        .locations
        .iter()
        .filter_map(|location| location.error_page)
        .collect();
    for upstream in error_pages {
        text += &format!("location @replicas_{upstream} {{\n{}}}\n", pass(upstream));
    }
    for location in &balancer.locations {
        let path = match &location.path {
            PathMatch::Exact(path) => format!("= {path}"),
            PathMatch::Prefix(path) => path.clone(),
        };
        let error_page = location.error_page.map_or(String::new(), |upstream| {
            format!("error_page 502 504 = @replicas_{upstream};\n")
        });
        text += &format!("location {path} {{\n{}{error_page}}}\n", pass(location.upstream));
    }
    text
}
