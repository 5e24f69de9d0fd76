//! `squall redis` and `squall sentinel` as programs, beside the real ones.

use conformance::{
    port::Port,
    process::{Process, Unavailable},
};
use seams_os::clock::{Stopwatch, sleep_ms};
use std::{
    fs,
    io::{Read, Write},
    net::TcpStream,
    path::Path,
    time::Duration,
};

const SQUALL: &str = env!("CARGO_BIN_EXE_squall");

fn start(args: &[&str]) -> (Port, Process) {
    let port = Port::reserve().expect("a port is free");
    let number = port.number().to_string();
    let process = Process::start_file("squall", Path::new(SQUALL), |command, _| {
        command.args(args).args(["--port", &number]);
    });
    let process = process.expect("it starts");
    process.wait_until_listening(port.number()).expect("it listens");
    (port, process)
}

/// The status after SIGTERM of a real program; `None`, with a message, if it is not installed.
fn real_status(program: &'static str, prepare: fn(&Path, u16) -> Vec<String>) -> Option<Option<i32>> {
    let port = Port::reserve().expect("a port is free");
    let started = Process::start(program, |command, folder| {
        command.args(prepare(folder, port.number()));
    });
    match started {
        Ok(mut process) => {
            process.wait_until_listening(port.number()).expect("it listens");
            Some(process.terminate())
        }
        Err(Unavailable::Missing(_)) => {
            let _ = writeln!(
                std::io::stderr(),
                "\n!! LEFT OUT: the status of {program} after SIGTERM: it is not installed; ci/test installs it\n"
            );
            None
        }
        Err(error) => panic!("{error}"),
    }
}

#[test]
fn sigterm_ends_redis_with_the_status_of_the_real_one() {
    let (_port, mut model) = start(&["redis"]);
    let status = model.terminate();
    assert_eq!(status, Some(0));
    let prepare = |_: &Path, port: u16| {
        vec![
            "--port".to_owned(),
            port.to_string(),
            "--save".to_owned(),
            String::new(),
        ]
    };
    assert!(real_status("redis-server", prepare).is_none_or(|real| real == status));
}

#[test]
fn sigterm_ends_a_sentinel_with_the_status_of_the_real_one() {
    let (_port, mut model) = start(&["sentinel", "--monitor", "127.0.0.1:1"]);
    let status = model.terminate();
    assert_eq!(status, Some(0));
    let prepare = |folder: &Path, port: u16| {
        let file = folder.join("sentinel.conf");
        let text = format!("port {port}\nsentinel monitor mymaster 127.0.0.1 1 2\n");
        fs::write(&file, text).expect("it can be written");
        vec![file.display().to_string()]
    };
    assert!(real_status("redis-sentinel", prepare).is_none_or(|real| real == status));
}

fn connect(port: &Port) -> TcpStream {
    let stream = TcpStream::connect(("127.0.0.1", port.number())).expect("it accepts");
    let timeout = Some(Duration::from_secs(20));
    stream.set_read_timeout(timeout).expect("a socket");
    stream
}

fn ask(stream: &mut TcpStream, request: &str, reply: &str) {
    stream.write_all(format!("{request}\r\n").as_bytes()).expect("it reads");
    let mut received = vec![0; reply.len()];
    stream.read_exact(&mut received).expect("it answers");
    assert_eq!(String::from_utf8_lossy(&received), reply, "{request}");
}

/// Processor time that a process has used, in hundredths of a second (proc(5): utime and stime, USER_HZ is 100).
fn processor_time(process: &Process) -> u64 {
    let stat = fs::read_to_string(format!("/proc/{}/stat", process.id())).expect("Linux");
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let number = |nth: usize| fields[nth].parse::<u64>().expect("a number");
    number(11) + number(12)
}

/// Only the writer waits; the others are answered at once, and the process sleeps.
#[test]
fn a_client_that_waits_for_the_end_of_a_pause_costs_nobody_anything() {
    let (port, process) = start(&["redis"]);
    let [mut operator, mut writer, mut other] = [(); 3].map(|()| connect(&port));
    ask(&mut operator, "CLIENT PAUSE 4000 WRITE", "+OK\r\n");
    let watch = Stopwatch::start();
    writer.write_all(b"SET x 1\r\n").expect("it reads");
    let before = processor_time(&process);
    for _ in 0..10 {
        ask(&mut other, "PING", "+PONG\r\n");
        sleep_ms(100);
    }
    assert!(watch.elapsed_ms() < 3_900, "PING waited for the end of the pause");
    let used = processor_time(&process) - before;
    assert!(used < 30, "{used}0 ms of processor time in a second of waiting");
    ask(&mut writer, "", "+OK\r\n");
    assert!(watch.elapsed_ms() >= 3_900, "the writer did not wait");
    ask(&mut other, "GET x", "$1\r\n1\r\n");
}
