//! A history as the specification reads it: who exists, what was asked and answered, and what was mailed.

use super::{
    Observation,
    commands::commands,
    refusals::{Refusals, Told},
};
use crate::{
    vocabulary::{Event, History, Observation as AnyObservation, Plan},
    world::{
        RelyingPartyOptions,
        directory::{groups, people, reminders, username},
        hosts,
    },
};
use sim::world::EPOCH;
use spec::{
    Client, Fact, Person, Settings, Tag, Timed, World,
    exchange::{Answered, Exchange, Request},
};
use std::{collections::BTreeMap, sync::LazyLock};

static NEVER: LazyLock<Answered> = LazyLock::new(|| Answered::Unknown("not answered before the run ended".into()));

/// Who exists, and which numbers hold.
pub(crate) fn world(plan: &Plan) -> World {
    let clients = RelyingPartyOptions::registered().into_iter();
    let clients = clients.map(|(client, redirect_uris)| Client {
        name: client.client_id.clone(),
        is_pkce_required: client.secret.is_none(),
        post_logout_redirect_uris: RelyingPartyOptions::farewells(&client.client_id),
        id_token_alg: client.id_token_alg.to_owned(),
        id: client.client_id,
        secret: client.secret.as_deref().map(Tag::of),
        redirect_uris,
    });
    let people = people(plan).into_iter().map(|who| Person {
        id: format!("user-{who}"),
        address: format!("{}@example.com", who.to_lowercase()),
        name: who.to_owned(),
        username: username(who),
        groups: groups(who),
    });
    World {
        issuer: plan.world.issuer().to_owned(),
        epoch_ms: EPOCH.millis(),
        clients: clients.collect(),
        people: people.collect(),
        settings: Settings::default()
            .with("authorization code", plan.world.code_ttl_s * 1000)
            .with("login in progress", plan.world.flow_ttl_s * 1000)
            .with("mailed code", plan.world.email_code_ttl_s * 1000)
            .with("access token", plan.world.access_token_ttl_s * 1000)
            .with("ID token", plan.world.id_token_ttl_s * 1000)
            .with("session", plan.world.session_ttl_s * 1000)
            .with("known browser", plan.world.known_browser_ttl_s * 1000)
            .with("one mail", plan.world.send_once_s * 1000)
            .with("mails that wait", plan.world.outbox as u64)
            .with("events that wait", plan.world.analytics_queue as u64)
            .with("lease", plan.world.lease_ms)
            .with("limits", plan.world.limit_window_s * 1000),
        reminders: reminders(plan, EPOCH).map(asked_for).collect(),
        replicas: plan.world.replicas,
        operators_port: hosts::OPS_PORT,
        hook: plan.world.hook.port().map(|port| match port {
            80 => hosts::ANALYTICS.to_owned(),
            port => format!("{}:{port}", hosts::ANALYTICS),
        }),
        mail_from: hosts::MAIL_FROM.to_owned(),
        balancer: Some(spec::Balancer {
            door: hosts::BALANCER.to_owned(),
            avoids_ms: plan.world.fail_timeout_ms,
        }),
        prints_mails: false,
    }
}

fn asked_for(reminder: idp::leader::Reminder) -> spec::Reminder {
    spec::Reminder {
        id: reminder.id,
        address: reminder.address,
        text: reminder.text,
        due_ms: reminder.due.millis(),
    }
}

/// What was asked and answered, and what was mailed, in the order in which it ended; and what operators did. Each end may have been so much later
/// than it is dated, milliseconds.
pub(super) fn facts<'a>(history: &'a History, refusals: &'a Refusals<'_>, ends_within_ms: u64) -> Vec<Timed<'a>> {
    let mut facts = vec![];
    let mut open: BTreeMap<u64, (u64, usize, &str, &Request)> = BTreeMap::new();
    for (place, record) in history.records.iter().enumerate() {
        let Event::Own(AnyObservation::Exchange(observation)) = &record.event else {
            continue;
        };
        let ended_ms = record.at_ms + ends_within_ms;
        match observation {
            Observation::Asked { number, door, request } => {
                open.insert(*number, (record.at_ms, place, door, request));
            }
            Observation::Answered { number, answer } => {
                let Some((sent_ms, _, door, request)) = open.remove(number) else {
                    continue;
                };
                facts.push(Timed {
                    at_ms: ended_ms,
                    record: place,
                    fact: Fact::Exchange(Exchange {
                        sent_ms,
                        door,
                        request,
                        answer,
                        logged: logged(refusals, answer).map_or(&[], |told| &told.refused),
                        audited: logged(refusals, answer).map_or(&[], |told| &told.audited),
                    }),
                });
            }
            Observation::Told { what, host, connection } => facts.push(Timed {
                at_ms: ended_ms,
                record: place,
                fact: Fact::Told {
                    event: what,
                    host,
                    connection: *connection,
                },
            }),
            Observation::Mailed { address, mail } => facts.push(Timed {
                at_ms: ended_ms,
                record: place,
                fact: Fact::Mailed { address, mail },
            }),
        }
    }
    // What is under way when the run ends may have been done.
    facts.extend(open.into_values().map(|(sent_ms, place, door, request)| Timed {
        at_ms: u64::MAX,
        record: place,
        fact: Fact::Exchange(Exchange {
            sent_ms,
            door,
            request,
            answer: &NEVER,
            logged: &[],
            audited: &[],
        }),
    }));
    facts.extend(commands(history));
    facts
}

fn logged<'a>(refusals: &'a Refusals<'_>, answer: &Answered) -> Option<&'a Told> {
    let Answered::With(answer) = answer else { return None };
    refusals.get(answer.headers.get("x-correlation-id")?.as_str())
}
