//! Runs a sequence through a real nginx, on reserved ports of the loopback.

use super::{
    Exchange, FAIL_TIMEOUT_S, READ_TIMEOUT_S, Sequence,
    traffic::{Shared, run_requests, upstream},
};
use crate::{
    port::Port,
    process::{Process, Unavailable},
};
use std::{
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
    let reserved = [port()?, port()?, port()?];
    let [balancer, upstreams @ ..] = reserved.each_ref().map(Port::number);
    let _nginx = start(&Balancer {
        port: balancer,
        upstreams,
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
        for (index, port) in upstreams.into_iter().enumerate() {
            env.spawn(upstream(env.clone(), port, index, shared.clone()));
        }
        run_requests(&env, "127.0.0.1", balancer, &sequence.requests, &shared).await
    }))
}

/// The part of nginx's configuration that differs. All else is as the model has it: see [`model_nginx::NginxConfig`].
#[derive(Debug, Clone, Copy)]
pub struct Balancer {
    /// `listen`, on the loopback.
    pub port: u16,
    /// `server`s, on the loopback.
    pub upstreams: [u16; 2],
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
    let Balancer {
        port,
        upstreams: [a, b],
        fail_timeout_s,
        read_timeout_s,
        ..
    } = *balancer;
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
             events {{ }}\nhttp {{\naccess_log off;\n{temporary}\
             upstream replicas {{\n\
             server 127.0.0.1:{a} max_fails=1 fail_timeout={fail_timeout_s}s;\n\
             server 127.0.0.1:{b} max_fails=1 fail_timeout={fail_timeout_s}s;\n{keep}}}\n\
             server {{\nlisten 127.0.0.1:{port};\nlocation / {{\nproxy_pass http://replicas;\n\
             proxy_set_header Host $http_host;\n\
             proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;\n\
             proxy_set_header X-Forwarded-Proto https;\n\
             proxy_connect_timeout 1s;\nproxy_read_timeout {read_timeout_s}s;\nproxy_next_upstream {repeat};\n{kept}}}\n}}\n}}\n",
            folder.display()
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
