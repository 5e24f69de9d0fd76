//! The commands that exist here.

use super::commands::{Session, client, hello, subscription};
use super::state::Sentinel;
use model_redis::resp::{Args, Reply};

type Run = fn(&mut Sentinel, &mut Session, &Args, u64) -> Vec<Reply>;

/// A command.
pub(super) struct Command {
    name: &'static str,
    /// How many words a request has, its name included; negative: at least so many.
    arity: isize,
    /// Whether a client may use it before it has given its password.
    pub(super) before_auth: bool,
    /// Whether it is answered while the client listens to channels (RESP2).
    pub(super) while_subscribed: bool,
    /// Runs it at a moment (milliseconds, monotonic).
    pub(super) run: Run,
}

impl Command {
    /// The command of this name in small letters.
    pub(super) fn of(name: &str) -> Option<&'static Command> {
        COMMANDS.iter().find(|command| command.name == name)
    }

    /// Whether a request of so many words is complete and has no more than the command takes.
    pub(super) fn takes(&self, words: usize) -> bool {
        match self.arity {
            ..0 => words >= self.arity.unsigned_abs(),
            _ => words == self.arity.unsigned_abs(),
        }
    }

    const fn new(name: &'static str, arity: isize, run: Run) -> Command {
        Command {
            name,
            arity,
            before_auth: false,
            while_subscribed: false,
            run,
        }
    }

    const fn before_auth(self) -> Command {
        Command {
            before_auth: true,
            ..self
        }
    }

    const fn while_subscribed(self) -> Command {
        Command {
            while_subscribed: true,
            ..self
        }
    }
}

const COMMANDS: &[Command] = &[
    Command::new("ping", -1, |_, session, args, _| vec![session.ping(args)]).while_subscribed(),
    Command::new("quit", -1, |_, session, _, _| {
        session.closing = true;
        vec![Reply::OK]
    })
    .before_auth()
    .while_subscribed(),
    Command::new("auth", -2, |sentinel, session, args, _| {
        vec![sentinel.auth(session, args)]
    })
    .before_auth(),
    Command::new("acl", -2, |sentinel, _, args, _| vec![sentinel.acl(args)]),
    Command::new("hello", -1, |_, session, args, _| vec![hello(session, args)]).before_auth(),
    Command::new("client", -2, |_, session, args, _| vec![client(session, args)]),
    Command::new("role", 1, |sentinel, _, _, _| vec![sentinel.role()]),
    Command::new("info", -1, |sentinel, _, _, _| vec![Reply::Text(sentinel.info())]),
    Command::new("publish", 3, |sentinel, _, args, now_ms| {
        vec![sentinel.publish(args, now_ms)]
    }),
    Command::new("subscribe", -2, |_, session, args, _| {
        subscription(session, "subscribe", &args[1..])
    })
    .while_subscribed(),
    Command::new("unsubscribe", -1, |_, session, args, _| {
        subscription(session, "unsubscribe", &args[1..])
    })
    .while_subscribed(),
    Command::new("sentinel", -2, |sentinel, _, args, now_ms| {
        vec![sentinel.sentinel(args, now_ms)]
    }),
];
