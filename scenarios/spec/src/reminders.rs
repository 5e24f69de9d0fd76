//! Reminders: each mail is one that somebody asked for, comes when it is due and not before, once for each time that it was
//! due (inventory 31), and says what it must (core/MESSAGES.md, "Mails").

use crate::{
    index::OtherMail,
    judge::Judge,
    mails::{Written, header},
    messages::Places,
    routes::{Report, Violation},
    world::Reminder,
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

/// By how much shorter the time between the last mail of a look and the first of the next may seem, milliseconds: a mail
/// arrives before its answer does.
const PAUSE_SLACK_MS: u64 = 100;
/// How long before the first mail of a look the leader may have looked, milliseconds.
const SEEN_MS: u64 = 500;

impl Judge<'_> {
    /// Judges how many come at once: as many as are documented for one look, the oldest first, while nothing is broken. Between
    /// two looks there is a pause.
    fn looks(&self, report: &mut Report) {
        let most = self.setting("reminders of a look");
        let pause_ms = self.setting("looks for reminders") - PAUSE_SLACK_MS;
        let broke_ms = self.troubles.first_ms();
        let mut looks: Vec<Vec<(&OtherMail<'_>, &Reminder)>> = vec![];
        for mail in self.index.other_mails.iter().take_while(|mail| mail.at_ms < broke_ms) {
            let Some(reminder) = self.reminder_of(mail) else {
                continue;
            };
            match looks.last_mut() {
                Some(look) if look.last().is_some_and(|(last, _)| mail.at_ms - last.at_ms < pause_ms) => {
                    look.push((mail, reminder));
                }
                _ => looks.push(vec![(mail, reminder)]),
            }
        }
        for (n, look) in looks.iter().enumerate() {
            let (first, (last, _)) = (look[0].0, look[look.len() - 1]);
            let is_sorted = look.is_sorted_by_key(|(_, reminder)| (reminder.due_ms, &reminder.id));
            // What was due long before the first of a look was sent, and came with a later look.
            let since_ms = self.index.world.epoch_ms + first.at_ms.saturating_sub(SEEN_MS);
            let later = looks[n + 1..].iter().flatten();
            let waited = later.filter(|(_, reminder)| reminder.due_ms < since_ms).count();
            let wrong = match look.len() as u64 {
                sent if sent > most => Some(format!(
                    "{sent} reminders are sent without a pause, and at most {most} may be"
                )),
                sent if sent < most && waited > 0 => Some(format!(
                    "{sent} reminders are sent, and {waited} that were due have to wait, although {most} may be sent"
                )),
                _ if !is_sorted => Some("reminders are not sent in the order in which they fell due".to_owned()),
                _ => None,
            };
            if let Some(what) = wrong {
                report.violations.push(Violation {
                    reason: "reminders-of-a-look".into(),
                    what: format!("{what} (core/LIMITS.md: reminders of a look)"),
                    at_ms: last.at_ms,
                    evidence: look.iter().map(|(mail, _)| mail.record).collect(),
                });
            }
        }
    }

    fn reminder_of(&self, mail: &OtherMail<'_>) -> Option<&Reminder> {
        let named = header(mail.mail, "message-id");
        let named = named.strip_prefix('<').and_then(|name| name.split('@').next())?;
        self.index
            .world
            .reminders
            .iter()
            .find(|reminder| name(&reminder.id) == named)
    }

    /// Judges all mails that have no code.
    pub(crate) fn reminders(&self, report: &mut Report) {
        self.looks(report);
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
        let Some(reminder) = self.reminder_of(mail) else {
            let named = header(mail.mail, "message-id");
            let why = format!("is none that anybody asked for: its Message-ID is {named:?}");
            return Err(("reminder-not-asked-for", why));
        };
        let due = header(mail.mail, "x-reminder-due");
        if due != reminder.due_ms.to_string() {
            let why = format!("says that it was due at {due:?} instead of {}", reminder.due_ms);
            return Err(("reminder-differs", why));
        }
        let leader_ms = self.troubles.leader_ms(mail.at_ms);
        if world.epoch_ms + mail.at_ms + leader_ms < reminder.due_ms {
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
            waits_ms: 0,
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
