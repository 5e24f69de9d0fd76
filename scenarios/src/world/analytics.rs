//! The analytics hook: accepts events by POST, and misbehaves when a fault says so.

use super::{Mode, PeerMode, hosts};
use crate::{
    analytics, exchange,
    login::{HookOption, Login, Observation},
    vocabulary::{Event, Recorder},
};
use bytes::Bytes;
use http::{Method, Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use seams::{Env, Stream};
use sim::world::{Host, HostKind, Installed, Start};
use std::{io, time::Duration};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::sleep;

/// Events larger than this are refused.
const EVENT_BYTES_MAX: usize = 64 << 10;

/// The host of the analytics hook.
pub(crate) fn host(hook: HookOption) -> Host<Login> {
    let port = hook.port().unwrap_or(hosts::ANALYTICS_PORT);
    Host::new(hosts::ANALYTICS, HostKind::Peer, move |start: &Start<'_, Login>| {
        let (mode, recorder) = (start.shared().analytics.clone(), start.recorder.clone());
        Installed::new(Box::new(move |env| {
            let serving = serve(env, port, hosts::ANALYTICS_PATH, mode.clone(), recorder.clone());
            Box::pin(async { serving.await.expect("the port is free: nothing else runs on this host") })
        }))
    })
}

/// Accepts events and never returns.
///
/// # Errors
/// The port cannot be listened on.
pub async fn serve(env: Env, port: u16, path: &'static str, mode: PeerMode, recorder: Recorder) -> io::Result<()> {
    let listener = env.network.listen(port).await?;
    let mut opened = 0;
    loop {
        let Ok(stream) = listener.accept().await else { continue };
        let (host, mode, recorder) = (env.host.clone(), mode.clone(), recorder.clone());
        if mode.now() == Mode::Garbage {
            env.spawn(async move {
                recorder.note(
                    &host,
                    Event::Own(Observation::Analytics(analytics::Observation::HookCalled {
                        answered: false,
                    })),
                );
                let _ = answer_garbage(stream).await; // an error means that the caller is gone
            });
            continue;
        }
        let connection = opened;
        opened += 1;
        let service = service_fn(move |request: Request<Incoming>| {
            let (host, mode, recorder) = (host.clone(), mode.clone(), recorder.clone());
            async move {
                let to = request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
                let to = to.unwrap_or_default().to_owned();
                let told = |what| {
                    let told = exchange::Observation::Told {
                        what,
                        host: to,
                        connection,
                    };
                    recorder.note(&host, Event::Own(Observation::Exchange(told)));
                };
                let called = |answered| {
                    let called = analytics::Observation::HookCalled { answered };
                    recorder.note(&host, Event::Own(Observation::Analytics(called)));
                };
                answer(request, path, mode.now(), told, called).await
            }
        });
        let connection = http1::Builder::new()
            .auto_date_header(false)
            .serve_connection(TokioIo::new(stream), service);
        env.spawn(async move {
            let _ = connection.await; // an error means that the caller went away
        });
    }
}

async fn answer(
    request: Request<Incoming>,
    path: &str,
    mode: Mode,
    told: impl FnOnce(serde_json::Value),
    called: impl Fn(bool),
) -> io::Result<Response<Full<Bytes>>> {
    if request.uri().path() != path {
        return Ok(status(StatusCode::NOT_FOUND));
    }
    if request.method() != Method::POST {
        return Ok(status(StatusCode::METHOD_NOT_ALLOWED));
    }
    let kind = request.headers().get(header::CONTENT_TYPE);
    if kind.is_none_or(|kind| kind != "application/json") {
        return Ok(status(StatusCode::UNSUPPORTED_MEDIA_TYPE));
    }
    let body = Limited::new(request.into_body(), EVENT_BYTES_MAX).collect().await;
    let Ok(body) = body.map(|body| body.to_bytes()) else {
        return Ok(status(StatusCode::BAD_REQUEST));
    };
    let Ok(event) = serde_json::from_slice(&body) else {
        return Ok(status(StatusCode::BAD_REQUEST));
    };
    told(event);
    Ok(match mode {
        Mode::Hanging => {
            called(false);
            std::future::pending().await
        }
        Mode::Garbage => {
            called(false);
            return Err(io::ErrorKind::InvalidData.into()); // ends a kept-alive connection; the next one gets garbage
        }
        Mode::Dropping => {
            called(false);
            return Err(io::ErrorKind::ConnectionAborted.into());
        }
        Mode::Failing => {
            called(false);
            status(StatusCode::INTERNAL_SERVER_ERROR)
        }
        Mode::Slow { by_ms } => {
            sleep(Duration::from_millis(by_ms)).await;
            called(true);
            status(StatusCode::NO_CONTENT)
        }
        Mode::Healthy => {
            called(true);
            status(StatusCode::NO_CONTENT)
        }
    })
}

fn status(status: StatusCode) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::default());
    *response.status_mut() = status;
    response
}

/// Answers with bytes that are not HTTP.
async fn answer_garbage(mut stream: Stream) -> io::Result<()> {
    let mut ignored = [0; 4096];
    let _ = stream.read(&mut ignored).await?;
    stream.write_all(b"\0\x01\xffHTTP?? no\n{\"ok\":").await?;
    stream.shutdown().await
}
