//! Logging in with a mailed code: who may send, what a typed code opens, and the pages on the way (SP 800-63B-4 section
//! 3.1.3, inventory 3 to 6, 18 to 20, 24).

use crate::{
    allowed::{Allowed, Known, Widened},
    counter::{Counted, Window},
    exchange::Word,
    expect::{Expected, Rule},
    index::{Flow, Index},
    judge::{Judge, Needs, page_not_now},
    limits::{self, FROM_HERE, said},
    pages,
    secret::Tag,
    seen::{Done, Seen},
    times::Times,
};

/// Everything here needs both.
const BOTH: Needs = Needs {
    store: true,
    directory: true,
    mail: false,
};

/// A mail address as people type it: trimmed, in lower case. `None`: it cannot be one.
pub(crate) fn address(text: &str) -> Option<String> {
    let address = text.trim().to_lowercase();
    let (local, domain) = address.rsplit_once('@')?;
    let printable = |c: char| !c.is_control() && !c.is_whitespace() && !"<>()[],;:\"\\".contains(c);
    let good = address.len() <= 254 && !local.is_empty() && !domain.is_empty() && !local.contains('@');
    (good && address.chars().all(printable)).then_some(address)
}

/// Which address a login is at.
#[derive(Debug)]
pub(crate) struct Addresses {
    /// All that it may be.
    pub(crate) possible: Vec<String>,
    /// Whether there is one.
    pub(crate) any: Known,
}

/// The address of a login when the exchange at `place` comes: that of the last request for a mail.
pub(crate) fn addresses(index: &Index<'_>, flow: &Flow, place: usize) -> Addresses {
    let own = &index.seen[place];
    let once_ms = index.world.settings.get("one mail");
    let sends: Vec<(&Seen<'_>, String)> = (flow.sends.iter().map(|send| &index.seen[*send]))
        .filter(|send| send.done() != Done::No && send.effect().may_precede(own.times) && send.record != own.record)
        .filter_map(|send| Some((send, address(send.params().text("address")?)?)))
        .collect();
    // Whether what it wrote is there still, if it wrote something.
    let stands = |send: &Seen<'_>| {
        let is_done = send.done() == Done::Yes && send.times.is_before(own.times);
        is_done && !index.troubles.forgets(send.times, own.times)
    };
    // Whether it certainly wrote its address: it was answered well, and no other for the same address came shortly before.
    let wrote = |send: &Seen<'_>, to: &str| {
        stands(send)
            && !sends.iter().any(|(other, address)| {
                other.record != send.record
                    && address == to
                    && other.effect().may_precede(send.times)
                    && send.times.from_ms < other.effect().to_ms.saturating_add(once_ms)
            })
    };
    let superseded = |send: &Seen<'_>, to: &str| {
        sends
            .iter()
            .any(|(later, address)| address != to && send.effect().is_before(later.times) && wrote(later, address))
    };
    let mut possible: Vec<String> = (sends.iter())
        .filter(|(send, to)| !superseded(send, to))
        .map(|(_, to)| to.clone())
        .collect();
    possible.sort_unstable();
    possible.dedup();
    let settled = |to: &String| {
        sends
            .iter()
            .filter(|(_, address)| address == to)
            .all(|(send, _)| stands(send))
    };
    let certain = sends.iter().any(|(send, to)| wrote(send, to)) || sends.iter().any(|(_, to)| settled(to));
    let in_doubt = sends.iter().any(|(send, _)| send.done() == Done::Maybe);
    let is_forgotten = |(send, _): &(&Seen<'_>, String)| index.troubles.forgets(send.times, own.times);
    let why = match in_doubt {
        true => Widened::InDoubt,
        false if sends.iter().any(is_forgotten) => Widened::StoreForgot,
        false => Widened::Race,
    };
    Addresses {
        any: Known::of(certain, !sends.is_empty(), why),
        possible,
    }
}

impl Judge<'_> {
    /// Whether a request for a mail comes so soon after another, for the same address in the same login, that it sends none
    /// (inventory 3).
    pub(crate) fn is_repeated(&self, flow: &Flow, place: usize, to: &str) -> Known {
        let own = &self.index.seen[place];
        let once = Window {
            limit: 1,
            lasts_ms: self.setting("one mail"),
            clocks_ms: self.dates_ms(own.times),
        };
        let others: Vec<Counted> = (flow.sends.iter().map(|send| &self.index.seen[*send]))
            .filter(|other| other.record != own.record && other.done() != Done::No)
            .filter(|other| other.params().text("address").and_then(address).as_deref() == Some(to))
            .map(|other| Counted::new(other.effect(), other.done() == Done::Yes))
            .collect();
        once.refuses(&others, own.times, |since, at| self.store_forgot(since, at))
    }

    /// Whether there are too many mails to an address (core/LIMITS.md): in this browser, if its owner is known there, else in
    /// all others together.
    fn too_many_mails(&self, place: usize, to: &str, known: Known) -> Known {
        let own = &self.index.seen[place];
        let over = |in_known_browser: bool| {
            let presses = self.presses(to).into_iter();
            let others = presses.filter(|press| !press.places.contains(&place));
            let counted: Vec<Counted> = others
                .filter(|press| !(press.places.iter()).all(|place| answered_with(&self.index.seen[*place], FROM_HERE)))
                .filter(|press| {
                    let is_one = |place: &usize| self.are_one(&self.index.seen[*place], own);
                    !in_known_browser || press.places.iter().any(is_one)
                })
                .filter_map(|press| {
                    let by_known = self.press_by_known(&press, to);
                    let here = if in_known_browser { by_known } else { by_known.negated() };
                    let mut one = self.counted_press(&press)?;
                    one.certain &= here == Known::Yes;
                    let answers = press.places.iter().map(|place| &self.index.seen[*place]);
                    one.said = said(answers, "too-many-mails", &[]);
                    (here != Known::No).then_some(one)
                })
                .collect();
            let window = self.window("mails to an address", own.times);
            window.refuses(&counted, own.times, |since, at| self.store_forgot(since, at))
        };
        match known {
            Known::Yes => over(true),
            Known::No => over(false),
            Known::Maybe(why) => match (over(true), over(false)) {
                (Known::No, Known::No) => Known::No,
                (Known::Yes, Known::Yes) => Known::Yes,
                _ => Known::Maybe(why),
            },
        }
    }

    /// When a press was counted, and whether it certainly was.
    pub(crate) fn counted_press(&self, press: &Press) -> Option<Counted> {
        let seen: Vec<&Seen<'_>> = press.places.iter().map(|place| &self.index.seen[*place]).collect();
        let effects = seen.iter().map(|seen| seen.effect());
        Some(Counted::new(
            Times::new(
                effects.clone().map(|times| times.from_ms).min()?,
                effects.map(|times| times.to_ms).max()?,
            ),
            !press.perhaps_counted_already && seen.iter().all(|seen| seen.done() != Done::Maybe),
        ))
    }

    /// Requests for mails to an address, each with those that may be repetitions of it: of such a group one is counted. A
    /// refusal is counted by itself, for after it the next press is no repetition.
    pub(crate) fn presses(&self, to: &str) -> Vec<Press> {
        let mut presses: Vec<Press> = vec![];
        let press = |flow, place| Press {
            flow,
            places: vec![place],
            perhaps_counted_already: false,
        };
        for place in self.index.sends_to.get(to).into_iter().flatten() {
            let seen = &self.index.seen[*place];
            let id = seen.flow;
            let Some(flow) = id.and_then(|id| self.index.flows.get(&id)) else {
                continue;
            };
            if answered_with(seen, "too-many-mails") || answered_with(seen, FROM_HERE) {
                presses.push(press(None, *place));
                continue;
            }
            if seen.done() == Done::No {
                continue;
            }
            let first = self.is_repeated(flow, *place, to) == Known::No;
            match presses.iter_mut().rev().find(|press| press.flow == id) {
                Some(earlier) if !first => {
                    let in_doubt = |place: &usize| self.index.seen[*place].done() == Done::Maybe;
                    let failed = earlier.places.iter().any(in_doubt);
                    earlier.places.push(*place);
                    if failed {
                        // What has failed may have been counted, and have left the way free for another one.
                        presses.push(Press {
                            perhaps_counted_already: true,
                            ..press(None, *place)
                        });
                    }
                }
                _ => presses.push(press(id, *place)),
            }
        }
        presses
    }
}

/// Requests for a mail of which one is counted.
pub(crate) struct Press {
    flow: Option<Tag>,
    pub(crate) places: Vec<usize>,
    /// Whether these are part of another press as well, and counted by themselves only if that one failed.
    perhaps_counted_already: bool,
}

/// Whether it was refused with this error, on a page.
pub(crate) fn answered_with(seen: &Seen<'_>, error: &str) -> bool {
    match seen.answer().map(|answer| &answer.body) {
        Some(crate::exchange::Body::Page(page)) => page.error.as_deref() == Some(error),
        _ => false,
    }
}

/// `POST /login/send`. Whether anybody has this address makes no difference that can be seen.
pub(crate) fn expect_send(judge: &Judge<'_>, place: usize, seen: &Seen<'_>) -> Allowed {
    let mut allowed = Allowed::default();
    judge.own_form(&mut allowed, seen);
    if let Some(flow) = judge.flow(&mut allowed, seen) {
        let params = seen.params();
        let typed = params.text("address").unwrap_or_default();
        match address(typed) {
            None => allowed.otherwise(|| {
                let shown: String = typed.chars().take(254).collect();
                pages::login(judge, seen, flow, vec![Word::Clear(shown)], Some("invalid-address"))
            }),
            Some(to) => {
                let repeated = judge.is_repeated(flow, place, &to);
                let known = judge.known(seen, &to);
                // A press that failed may have been counted, and is made good.
                let failed = |other: &usize| {
                    let other = &judge.index.seen[*other];
                    let asked = other.params().text("address").and_then(address);
                    other.done() == Done::Maybe && other.times.may_precede(seen.times) && asked.as_deref() == Some(&to)
                };
                let made_good = Known::of(false, flow.sends.iter().any(failed), Widened::InDoubt).negated();
                let from_here = known.negated().and(judge.too_many_mails_from_here(place, &to));
                let from_here = from_here.and(made_good);
                allowed.when(repeated.negated().and(from_here), || limits::from_here(judge));
                let over = repeated
                    .negated()
                    .and(judge.too_many_mails(place, &to, known))
                    .and(made_good);
                allowed.when(over, || {
                    let window_s = judge.setting("limits") / 1000;
                    Expected::error_page(
                        "too-many-mails",
                        "core/LIMITS.md: mails to an address; inventory 24",
                        429,
                    )
                    .header("retry-after", window_s.to_string())
                });
                allowed.otherwise(|| {
                    Expected::redirect(
                        "to the page for the code",
                        "inventory 1, 3: the mail is not waited for, and one is enough",
                        "/login/code",
                        flow_param(seen),
                    )
                });
            }
        }
    }
    let needs = Needs { mail: true, ..BOTH };
    judge.or_not_now(&mut allowed, seen, needs, page_not_now);
    allowed
}

fn flow_param(seen: &Seen<'_>) -> Vec<(&'static str, Rule)> {
    seen.flow.map(|flow| ("flow", Rule::Tag(flow))).into_iter().collect()
}

/// `GET /login`.
pub(crate) fn expect_login_page(judge: &Judge<'_>, place: usize, seen: &Seen<'_>) -> Allowed {
    let mut allowed = Allowed::default();
    if let Some(flow) = judge.flow(&mut allowed, seen) {
        allowed.otherwise(|| {
            let mut shown: Vec<Word> = vec![Word::Clear(String::new())];
            shown.extend(
                addresses(&judge.index, flow, place)
                    .possible
                    .into_iter()
                    .map(Word::Clear),
            );
            pages::login(judge, seen, flow, shown, None)
        });
    }
    judge.or_not_now(&mut allowed, seen, BOTH, page_not_now);
    allowed
}

/// `GET /login/code`.
pub(crate) fn expect_code_page(judge: &Judge<'_>, place: usize, seen: &Seen<'_>) -> Allowed {
    let mut allowed = Allowed::default();
    if let Some(flow) = judge.flow(&mut allowed, seen) {
        let found = addresses(&judge.index, flow, place);
        let none = found.any.negated();
        let to_login = || {
            Expected::redirect(
                "to the login page",
                "core: no code was asked for yet",
                "/login",
                flow_param(seen),
            )
        };
        allowed.when(none, to_login);
        allowed.otherwise(|| pages::code(seen, &found.possible, None));
    }
    judge.or_not_now(&mut allowed, seen, BOTH, page_not_now);
    allowed
}
