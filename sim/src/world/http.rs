//! An HTTP client for people: one request, one answer, and no promise that the request had an effect.

use crate::history::Seen;
use bytes::Bytes;
use http::{Method, Request, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http1::handshake;
use hyper_util::rt::TokioIo;
use seams::{Env, within};
use std::{fmt, time::Duration};

/// How long a person waits for an answer.
pub const PATIENCE: Duration = Duration::from_secs(10);
/// Largest answer, bytes; larger ones are not read.
const BODY_BYTES_MAX: usize = 1 << 20;

/// An answer, either of the service or of the balancer in its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// Its status.
    pub status: u16,
    /// Its body, as text.
    pub body: String,
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "status {}", self.status)
    }
}

/// A client for one host, with a new connection for each request. It does not handle redirects or cookies.
#[derive(Clone)]
pub struct Http<'a> {
    env: &'a Env,
    host: &'a str,
    port: u16,
}

impl<'a> Http<'a> {
    /// A client for this host, on port 80.
    pub fn to(env: &'a Env, host: &'a str) -> Http<'a> {
        Http { env, host, port: 80 }
    }

    /// Sets the port.
    pub fn port(self, port: u16) -> Http<'a> {
        Http { port, ..self }
    }

    /// Sends a GET request.
    ///
    /// # Errors
    /// Those of [`Http::send`].
    pub async fn get(&self, path: &str) -> Result<Answer, Seen> {
        self.send(Method::GET, path, "").await
    }

    /// Sends a POST request.
    ///
    /// # Errors
    /// Those of [`Http::send`].
    pub async fn post(&self, path: &str, body: &str) -> Result<Answer, Seen> {
        self.send(Method::POST, path, body).await
    }

    /// Sends a request once, and reads the whole answer, whatever its status.
    ///
    /// # Errors
    /// The outcome without an answer: [`Seen::Fail`] if there was no connection, because then nothing was sent;
    /// [`Seen::Unknown`] if the connection broke, or the answer took longer than [`PATIENCE`].
    ///
    /// # Panics
    /// The path is invalid.
    pub async fn send(&self, method: Method, path: &str, body: &str) -> Result<Answer, Seen> {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, self.host)
            .header(header::CONNECTION, "close")
            .body(Full::new(Bytes::from(body.to_owned())))
            .unwrap_or_else(|error| panic!("{path:?} is no path: {error}"));
        let mut sent = false;
        let exchange = async {
            let connected = self.env.network.connect(self.host, self.port).await;
            let stream = connected.map_err(|error| Seen::Fail(format!("{} is unreachable: {error}", self.host)))?;
            sent = true;
            let (mut sender, connection) = handshake(TokioIo::new(stream)).await.map_err(unknown)?;
            self.env.spawn(async move {
                let _ = connection.await; // its errors are reported by the sender
            });
            let answer = sender.send_request(request).await.map_err(unknown)?;
            let status = answer.status().as_u16();
            let body = Limited::new(answer.into_body(), BODY_BYTES_MAX).collect().await;
            let body = String::from_utf8_lossy(&body.map_err(unknown)?.to_bytes()).into_owned();
            Ok(Answer { status, body })
        };
        match within(PATIENCE, "the answer", exchange).await {
            Ok(result) => result,
            Err(late) if sent => Err(unknown(late)),
            Err(late) => Err(Seen::Fail(late.to_string())),
        }
    }
}

fn unknown(error: impl fmt::Display) -> Seen {
    Seen::Unknown(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testbed::Stage;
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        time::sleep,
    };

    /// Accepts connections and sends these bytes on each after the request; then waits, or closes the connection.
    async fn serve(env: Env, answer: &'static str, waits: bool) {
        let listener = env.network.listen(80).await.expect("the port is free");
        while let Ok(mut stream) = listener.accept().await {
            let _ = stream.read(&mut [0; 1024]).await;
            let _ = stream.write_all(answer.as_bytes()).await;
            if waits {
                sleep(Duration::from_secs(60)).await;
            }
        }
    }

    #[test]
    fn an_answer_is_read_whole_and_no_answer_is_unknown() {
        let mut stage = Stage::new();
        let sold = "HTTP/1.1 409 Conflict\r\ncontent-length: 4\r\n\r\nsold";
        stage.host("shop", move |env| serve(env, sold, false));
        stage.host("broken", |env| {
            serve(env, "HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nso", false)
        });
        stage.host("silent", |env| serve(env, "", true));
        stage.host("closed", |_| async { sleep(Duration::from_secs(60)).await });
        stage.run(Duration::from_secs(30), |env| async move {
            sleep(Duration::from_millis(10)).await; // until they listen
            let answer = Http::to(&env, "shop").post("/seats/7", "").await.expect("an answer");
            assert_eq!((answer.status, answer.body.as_str()), (409, "sold"));
            assert_eq!(answer.to_string(), "status 409");
            let broken = Http::to(&env, "broken").get("/").await;
            assert!(matches!(broken, Err(Seen::Unknown(_))), "{broken:?}");
            let silent = Http::to(&env, "silent").get("/").await;
            assert_eq!(silent, Err(Seen::Unknown("the answer took longer than 10 s".into())));
            let refused = Http::to(&env, "closed").get("/").await;
            assert!(matches!(refused, Err(Seen::Fail(_))), "nothing was sent: {refused:?}");
            let other_port = Http::to(&env, "shop").port(8080).get("/").await;
            assert!(matches!(other_port, Err(Seen::Fail(_))), "{other_port:?}");
        });
    }
}
