//! Mail for development: on the terminal.

use super::{Mail, Mailer, Subject};
use async_trait::async_trait;
use seams::Outcome;

/// Prints each mail, one-time codes included, to standard output. For development only: nobody
/// else sees it.
pub struct ConsoleMailer;

#[async_trait]
impl Mailer for ConsoleMailer {
    async fn enqueue(&self, mail: Mail) -> Outcome<()> {
        self.deliver(mail).await
    }

    async fn deliver(&self, Mail { to, subject, is_decoy }: Mail) -> Outcome<()> {
        match subject {
            _ if is_decoy => println!("no mail: nobody has the address {to}"),
            Subject::Code { code, minutes, .. } => {
                println!("mail to {to}: Your login code is {code} (good for {minutes} minutes)");
            }
            Subject::Reminder { text, .. } => println!("mail to {to}: Reminder: {text}"),
        }
        Ok(())
    }
}
