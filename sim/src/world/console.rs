//! A console on the machine of a Redis node or a Sentinel: `redis-cli` there, with which an operator changes its configuration.

use super::RedisPasswords;
use seams::Env;
use std::{
    collections::VecDeque,
    fmt, io,
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    sync::Notify,
    time::sleep,
};

/// How long an operator waits before he tries again, if a node does not answer.
const TRIES_AGAIN: Duration = Duration::from_millis(10);

/// An operator at a console, and the passwords that they know.
#[derive(Clone, Default)]
pub(crate) struct Operator {
    /// The password of the default user; empty: none is asked for.
    pub(crate) admin: String,
    /// The user of the service's processes, if they have one of their own.
    pub(crate) user: Option<ServiceUser>,
}

/// The user of the service's processes.
#[derive(Clone)]
pub(crate) struct ServiceUser {
    pub(crate) name: String,
    pub(crate) password: String,
    /// What it may do, as ACL rules.
    pub(crate) rules: String,
}

impl Operator {
    pub(super) fn of_redis(passwords: &RedisPasswords) -> Operator {
        Operator {
            admin: passwords.admin.clone(),
            user: Some(ServiceUser {
                name: passwords.user.clone(),
                password: passwords.password.clone(),
                rules: passwords.rules.clone(),
            }),
        }
    }

    pub(super) fn of_sentinel(password: &str) -> Operator {
        Operator {
            admin: password.to_owned(),
            user: None,
        }
    }

    /// How they get in, if a password is asked for.
    fn auth(&self) -> Option<String> {
        (!self.admin.is_empty()).then(|| format!("AUTH {}", self.admin))
    }
}

impl fmt::Debug for Operator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Operator(…)") // not for logs
    }
}

/// Commands that wait to be typed. Clones are the same console.
#[derive(Debug, Clone)]
pub(crate) struct Console(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    /// Where the node listens.
    port: u16,
    operator: Operator,
    commands: Mutex<VecDeque<Typed>>,
    typed: Notify,
}

/// Commands of one connection.
#[derive(Debug, Clone)]
struct Typed {
    commands: Vec<String>,
    /// Until the node has answered them.
    until_answered: bool,
}

impl Console {
    /// A console that connects to this port of its own machine.
    pub(crate) fn at(port: u16, operator: Operator) -> Console {
        Console(Arc::new(Shared {
            port,
            operator,
            ..Shared::default()
        }))
    }

    /// The port that it connects to.
    pub(crate) fn port(&self) -> u16 {
        self.0.port
    }

    /// The operator there.
    pub(crate) fn operator(&self) -> &Operator {
        &self.0.operator
    }

    /// Types commands, one after the other, over one connection. A node that is not there hears nothing.
    pub(crate) fn type_in(&self, commands: Vec<String>) {
        let until_answered = false;
        self.push(Typed {
            commands,
            until_answered,
        });
    }

    /// Types commands until the node has answered them, also after the machine's next start: the node may keep in a file what
    /// they take back.
    pub(crate) fn insist(&self, commands: Vec<String>) {
        let until_answered = true;
        self.push(Typed {
            commands,
            until_answered,
        });
    }

    fn push(&self, typed: Typed) {
        self.commands().push_back(typed);
        self.0.typed.notify_one();
    }

    fn commands(&self) -> std::sync::MutexGuard<'_, VecDeque<Typed>> {
        self.0.commands.lock().expect("nobody panics while typing")
    }

    /// Sends what is typed, as long as the machine is up.
    pub(super) async fn serve(&self, env: &Env) {
        self.commands().retain(|typed| typed.until_answered);
        loop {
            while let Some(typed) = { self.commands().front().cloned() } {
                let admin = self.0.operator.auth().into_iter();
                let commands: Vec<String> = admin.chain(typed.commands).collect();
                let sent = send(env, self.0.port, &commands).await;
                if sent.is_err() && typed.until_answered {
                    sleep(TRIES_AGAIN).await;
                } else {
                    self.commands().pop_front();
                }
            }
            self.0.typed.notified().await;
        }
    }
}

async fn send(env: &Env, port: u16, commands: &[String]) -> io::Result<()> {
    let mut stream = env.network.connect(&env.host, port).await?;
    for command in commands {
        stream.write_all(format!("{command}\r\n").as_bytes()).await?;
        // The next command may need what this one does.
        let mut reply = BufReader::new(&mut stream);
        if reply.read_line(&mut String::new()).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    Ok(())
}
