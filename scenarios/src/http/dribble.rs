//! Strangers who connect to a replica and never finish the head of a request: they say nothing, stop in the midst of it, or say a
//! byte now and then. Each of them keeps a connection, of which a process has few.

use super::{Observation, ops::Head};
use crate::{
    vocabulary::{Event, Observation as AnyObservation},
    world::Scene,
};
use std::time::Duration;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, ReadHalf, WriteHalf, split},
    time::{Instant, sleep},
};

/// So long they wait for a replica to close the connection.
const PATIENCE: Duration = Duration::from_secs(25);
/// Between two bytes of those who say one now and then.
const PAUSE: Duration = Duration::from_millis(700);
/// Between an answer and the next request on the same connection.
const IDLE: Duration = Duration::from_secs(4);

const WHOLE: &[u8] = b"GET /jwks HTTP/1.1\r\nhost: login.example\r\n\r\n";
const BEGUN: &[u8] = b"GET /jwks HTTP/1.1\r\nhost: lo";

/// Holds one connection after the other to each replica, and notes when it is closed.
pub(super) async fn hold(scene: &Scene, who: &str, head: Head, connections: u32) {
    for nth in 0..connections {
        let (replica, port) = &scene.replicas[nth as usize % scene.replicas.len()];
        let Ok(stream) = scene.env.network.connect(replica, *port).await else {
            sleep(PAUSE).await;
            continue;
        };
        let (mut read, mut write) = split(stream);
        let Some(began) = begin(head, &mut read, &mut write).await else {
            continue; // closed in the midst of an answer
        };
        let says = async {
            if matches!(head, Head::ByBytes | Head::SecondByBytes) {
                while write.write_all(b"g").await.is_ok() {
                    sleep(PAUSE).await;
                }
            }
            std::future::pending().await
        };
        let closed = seams::select! {
            closed = ends(&mut read) => closed,
            () = says => false,
            () = sleep(PATIENCE) => false,
        };
        let held = Observation::HeadHeld {
            replica: replica.clone(),
            head,
            for_ms: began.elapsed().as_millis() as u64,
            closed,
        };
        scene.recorder.note(who, Event::Own(AnyObservation::Http(held)));
    }
}

/// Says the beginning; returns since when the replica waits for the rest.
async fn begin<S>(head: Head, read: &mut ReadHalf<S>, write: &mut WriteHalf<S>) -> Option<Instant>
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin,
{
    if head == Head::SecondByBytes {
        write.write_all(WHOLE).await.ok()?;
        let mut answer = [0; 4096];
        let mut length = 0;
        while !answer[..length].ends_with(b"}") {
            length += read.read(&mut answer[length..]).await.ok().filter(|read| *read > 0)?;
        }
        sleep(IDLE).await;
    }
    let began = Instant::now();
    if head != Head::Nothing {
        write.write_all(BEGUN).await.ok()?;
    }
    Some(began)
}

/// Whether the other side closes the connection, whatever it says before.
async fn ends(read: &mut (impl AsyncReadExt + Unpin)) -> bool {
    let mut said = [0; 1024];
    while matches!(read.read(&mut said).await, Ok(1..)) {}
    true
}
