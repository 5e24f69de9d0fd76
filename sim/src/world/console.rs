//! A console on the machine of a Redis node or a Sentinel: `redis-cli` there, with which an operator changes its configuration.

use seams::Env;
use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    sync::Notify,
};

/// Commands that wait to be typed. Clones are the same console.
#[derive(Debug, Clone)]
pub(crate) struct Console(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    /// Where the node listens.
    port: u16,
    commands: Mutex<VecDeque<Vec<String>>>,
    typed: Notify,
}

impl Console {
    /// A console that connects to this port of its own machine.
    pub(crate) fn at(port: u16) -> Console {
        Console(Arc::new(Shared {
            port,
            ..Shared::default()
        }))
    }

    /// The port that it connects to.
    pub(crate) fn port(&self) -> u16 {
        self.0.port
    }

    /// Types commands, one after the other, over one connection.
    pub(crate) fn type_in(&self, commands: Vec<String>) {
        self.commands().push_back(commands);
        self.0.typed.notify_one();
    }

    fn commands(&self) -> std::sync::MutexGuard<'_, VecDeque<Vec<String>>> {
        self.0.commands.lock().expect("nobody panics while typing")
    }

    /// Sends what is typed, as long as the machine is up. What was typed before is lost with the machine.
    pub(super) async fn serve(&self, env: &Env) {
        self.commands().clear();
        loop {
            self.0.typed.notified().await;
            while let Some(commands) = { self.commands().pop_front() } {
                // A node that is not there hears nothing, as in reality.
                drop(send(env, self.0.port, &commands).await);
            }
        }
    }
}

async fn send(env: &Env, port: u16, commands: &[String]) -> std::io::Result<()> {
    let mut stream = env.network.connect(&env.host, port).await?;
    for command in commands {
        stream.write_all(format!("{command}\r\n").as_bytes()).await?;
        // The next command may need what this one does.
        let mut reply = BufReader::new(&mut stream);
        reply.read_line(&mut String::new()).await?;
    }
    Ok(())
}
