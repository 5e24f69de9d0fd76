//! Reminders: each mail is one that somebody asked for, comes when it is due and not before, once for each time that it was
//! due (inventory 31), and says what it must (core/MESSAGES.md, "Mails").

use crate::{
    index::OtherMail,
    judge::Judge,
    mails::{Written, header},
    messages::Places,
    routes::{Report, Violation},
    times::Times,
    world::Reminder,
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

impl Judge<'_> {
    /// Judges all mails that have no code.
    pub(crate) fn reminders(&self, report: &mut Report) {
        for mail in &self.index.other_mails {
            if let Err((reason, why)) = self.check_reminder(mail) {
                report.violations.push(Violation {
                    reason: reason.into(),
                    what: format!("a mail without a code, to {}, {why}", mail.address),
                    at_ms: mail.at_ms,
                    evidence: vec![mail.record],
                });
            }
        }
    }

    fn check_reminder(&self, mail: &OtherMail<'_>) -> Result<(), (&'static str, String)> {
        let world = self.index.world;
        let named = header(mail.mail, "message-id");
        let named = named.strip_prefix('<').and_then(|name| name.split('@').next());
        let found = world
            .reminders
            .iter()
            .find(|reminder| Some(name(&reminder.id)) == named.map(str::to_owned));
        let Some(reminder) = found else {
            let why = format!("is none that anybody asked for: its Message-ID is {named:?}");
            return Err(("reminder-not-asked-for", why));
        };
        let due = header(mail.mail, "x-reminder-due");
        if due != reminder.due_ms.to_string() {
            let why = format!("says that it was due at {due:?} instead of {}", reminder.due_ms);
            return Err(("reminder-differs", why));
        }
        let clocks_ms = self.clocks_ms(Times::new(mail.at_ms, mail.at_ms));
        if world.epoch_ms + mail.at_ms + clocks_ms < reminder.due_ms {
            return Err(("reminder-too-early", "comes before it is due".into()));
        }
        self.check_reminder_text(reminder, mail)
            .map_err(|why| ("reminder-differs", why))
    }

    fn check_reminder_text(&self, reminder: &Reminder, mail: &OtherMail<'_>) -> Result<(), String> {
        if mail.address != reminder.address {
            return Err(format!("is meant for {}", reminder.address));
        }
        let written = Written {
            kind: "reminder",
            name: &name(&reminder.id),
            to: &reminder.address,
            at_ms: mail.at_ms,
        };
        let places = Places::from([("text", vec![reminder.text.clone()])]);
        self.check_written(&written, &places, mail.mail)
    }
}

/// What stands in a Message-ID for a reminder.
fn name(id: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    match !id.is_empty() && id.bytes().all(is_plain) {
        true => id.to_owned(),
        false => format!("r-{}", URL_SAFE_NO_PAD.encode(id)),
    }
}
