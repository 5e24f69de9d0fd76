//! The messages, which the script draws on demand.

use super::{FailurePage, model::Model};
use crate::{messages::Message, service::Service};
use maud::{Markup, PreEscaped, html};
use serde_json::json;
use std::collections::BTreeMap;

/// The largest number of messages in a page; more would make it slow to open.
const MESSAGES_MAX: usize = 12_000;

/// The data for the script. `<` is escaped, so that no data can end the element.
pub(super) fn script<S: Service>(page: &FailurePage<'_, S>, model: &Model<S>) -> Markup {
    if page.run.messages.is_empty() {
        return html! {};
    }
    let middle = page
        .run
        .violations
        .first()
        .map_or(model.lasts_ms / 2, |violation| violation.at_ms);
    let kept = chosen(&page.run.messages, middle);
    let (mut hosts, mut labels) = (Names::default(), Names::default());
    // Six numbers for each message. The duration is -1 for a message that never arrived.
    let mut numbers: Vec<i64> = Vec::with_capacity(kept.len() * 6);
    for message in &kept {
        let took = message
            .arrived_ms
            .map_or(-1, |at_ms| at_ms.saturating_sub(message.sent_ms) as i64);
        numbers.extend([
            message.sent_ms as i64,
            took,
            hosts.of(&message.from),
            hosts.of(&message.to),
            labels.of(&message.label),
            message.bytes as i64 * 2 + i64::from(message.routine),
        ]);
    }
    let data = json!({
        "hosts": hosts.list,
        "labels": labels.list,
        "left_out": page.run.messages.len() - kept.len(),
        "messages": numbers,
    });
    html! { script type="application/json" id="messages" { (PreEscaped(embeddable(&data))) } }
}

/// JSON that may be placed inside a script element.
pub(super) fn embeddable(data: &serde_json::Value) -> String {
    let text = data.to_string();
    text.replace('<', "\\u003c")
        .replace('>', "\\u003e")
        .replace('&', "\\u0026")
}

/// The messages to keep: routine ones are left out first, then those far from the moment of interest.
fn chosen(messages: &[Message], middle_ms: u64) -> Vec<&Message> {
    let mut kept: Vec<&Message> = messages.iter().collect();
    if kept.len() > MESSAGES_MAX {
        kept.retain(|message| !message.routine);
    }
    if kept.len() > MESSAGES_MAX {
        kept.sort_by_key(|message| (message.sent_ms.abs_diff(middle_ms), message.sent_ms));
        kept.truncate(MESSAGES_MAX);
        kept.sort_by_key(|message| message.sent_ms);
    }
    kept
}

/// Numbers names in the order of their first use.
#[derive(Default)]
struct Names<'a> {
    list: Vec<&'a str>,
    known: BTreeMap<&'a str, i64>,
}

impl<'a> Names<'a> {
    fn of(&mut self, name: &'a str) -> i64 {
        let list = &mut self.list;
        *self.known.entry(name).or_insert_with(|| {
            list.push(name);
            list.len() as i64 - 1
        })
    }
}
