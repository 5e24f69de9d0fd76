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
    let _nginx = start(sequence, balancer, upstreams)?;
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

fn start(sequence: &Sequence, port: u16, upstreams: [u16; 2]) -> Result<Process, Unavailable> {
    let [a, b] = upstreams;
    let repeat = if sequence.non_idempotent {
        "error timeout non_idempotent"
    } else {
        "error timeout"
    };
    let (keep, kept) = match sequence.keepalive {
        true => (
            "keepalive 16;\n",
            "proxy_http_version 1.1;\nproxy_set_header Connection \"\";\n",
        ),
        false => ("", ""),
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
             server 127.0.0.1:{a} max_fails=1 fail_timeout={FAIL_TIMEOUT_S}s;\n\
             server 127.0.0.1:{b} max_fails=1 fail_timeout={FAIL_TIMEOUT_S}s;\n{keep}}}\n\
             server {{\nlisten 127.0.0.1:{port};\nlocation / {{\nproxy_pass http://replicas;\n\
             proxy_connect_timeout 1s;\nproxy_read_timeout {READ_TIMEOUT_S}s;\nproxy_next_upstream {repeat};\n{kept}}}\n}}\n}}\n",
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
