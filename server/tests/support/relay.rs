//! A mail relay.

#![allow(dead_code, reason = "each test is a program of its own, and may use a part of this")]

use std::{
    io::{BufRead, BufReader, Write},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex},
};

/// What a relay does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Does {
    /// It keeps the mails that it takes. Nobody is known whose address begins with `gone`.
    Takes,
    /// It accepts connections, and says nothing.
    Hangs,
}

/// A relay, and what came to it.
pub(crate) struct Relay {
    pub(crate) address: String,
    came: Came,
}

/// What came to a relay.
#[derive(Clone, Default)]
struct Came {
    mails: Arc<Mutex<Vec<String>>>,
    refused: Arc<Mutex<Vec<String>>>,
}

impl Relay {
    pub(crate) fn start(does: Does) -> Relay {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
        let relay = Relay {
            address: listener.local_addr().expect("an address").to_string(),
            came: Came::default(),
        };
        let came = relay.came.clone();
        std::thread::spawn(move || {
            let mut silent = vec![];
            for stream in listener.incoming().map_while(Result::ok) {
                let came = came.clone();
                match does {
                    Does::Hangs => silent.push(stream),
                    Does::Takes => drop(std::thread::spawn(move || take(stream, &came))),
                }
            }
        });
        relay
    }

    /// The code in the last mail.
    pub(crate) fn code(&self) -> Option<String> {
        let mails = self.came.mails.lock().expect("no panic");
        let (_, rest) = mails.last()?.split_once("login code is ")?;
        Some(rest.chars().take_while(char::is_ascii_digit).collect())
    }

    /// The mails that it has taken.
    pub(crate) fn mails(&self) -> Vec<String> {
        self.came.mails.lock().expect("no panic").clone()
    }

    /// The recipients that it has refused, each time.
    pub(crate) fn refused(&self) -> Vec<String> {
        self.came.refused.lock().expect("no panic").clone()
    }
}

/// One conversation with a relay.
fn take(mut stream: TcpStream, came: &Came) {
    let mut lines = BufReader::new(stream.try_clone().expect("a stream"))
        .lines()
        .map_while(Result::ok);
    let mut answer = "220 relay ESMTP\r\n";
    loop {
        if stream.write_all(answer.as_bytes()).is_err() {
            return;
        }
        let Some(line) = lines.next() else { return };
        answer = match line.as_str() {
            "DATA" => {
                let _ = stream.write_all(b"354 go on\r\n");
                let mail: Vec<String> = lines.by_ref().take_while(|line| line != ".").collect();
                came.mails.lock().expect("no panic").push(mail.join("\n"));
                "250 taken\r\n"
            }
            "QUIT" => "221 bye\r\n",
            line if line.starts_with("RCPT TO:<gone") => {
                came.refused.lock().expect("no panic").push(line.to_owned());
                "550 5.1.1 no such user here\r\n"
            }
            _ => "250 ok\r\n",
        };
    }
}
