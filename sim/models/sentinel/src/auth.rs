//! A password for clients. A Sentinel has no CONFIG; its users are set by ACL, and here there is one, called default.

use super::commands::Session;
use super::state::Sentinel;
use model_redis::resp::{Args, Reply};
use model_redis::wrong_arity;

impl Sentinel {
    /// AUTH: there is one user, called default.
    pub(super) fn auth(&self, session: &mut Session, args: &Args) -> Reply {
        let (user, password) = match args.len() {
            2 => (None, &args[1]),
            3 => (Some(&args[1]), &args[2]),
            _ => return Reply::error("ERR syntax error"),
        };
        let is_default = user.is_none_or(|user| *user == "default");
        match &self.password {
            None if user.is_none() => Reply::error(
                "ERR AUTH <password> called without any password configured for the default user. Are you sure your \
                 configuration is correct?",
            ),
            // While there is no password any is right, and it counts also when there is one again later (measured).
            known if is_default && known.as_ref().is_none_or(|known| known == password) => {
                session.must_authenticate = false;
                Reply::OK
            }
            _ => Reply::error("WRONGPASS invalid username-password pair or user is disabled."),
        }
    }

    /// ACL SETUSER default with a password or without one; who is connected stays so. The configuration file has it only when
    /// it is rewritten, by SENTINEL FLUSHCONFIG or for another reason (measured).
    pub(super) fn acl(&mut self, args: &Args) -> Reply {
        let words: Vec<String> = args
            .iter()
            .map(|word| String::from_utf8_lossy(word).into_owned())
            .collect();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        match &words[1..] {
            [setuser, "default", "resetpass", password]
                if setuser.eq_ignore_ascii_case("setuser") && password.starts_with('>') =>
            {
                self.password = Some(args[4].slice(1..));
                Reply::OK
            }
            [setuser, "default", "nopass"] if setuser.eq_ignore_ascii_case("setuser") => {
                self.password = None;
                Reply::OK
            }
            [setuser, _, .., last] if setuser.eq_ignore_ascii_case("setuser") => {
                Reply::error(format!("ERR Error in ACL SETUSER modifier '{last}': Syntax error"))
            }
            [word, ..] => Reply::error(format!("ERR unknown subcommand '{word}'. Try ACL HELP.")),
            [] => Reply::error(wrong_arity("acl")),
        }
    }
}
