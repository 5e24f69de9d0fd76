use super::*;
use crate::{
    history::OpId,
    service::Service,
    testing::{Did, Shop, ShopWorld, Ticket},
};

fn names() -> Vec<String> {
    event_names(&Shop::world(&ShopWorld::default()))
}

/// The names of all triggers that wait for an event.
fn triggered_by(event: &Event<Shop>) -> Vec<String> {
    let mut names = names();
    names.retain(|name| Trigger::at(name.as_str()).is_event(event));
    names
}

#[test]
fn names_are_distinct_and_of_everything_in_the_world() {
    let all = names();
    assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), all.len());
    for expected in [
        "buy in doubt",
        "seat stored",
        "printer jams",
        "redis-2 becomes master",
        "shop-1 closes its port",
        "balancer answers",
        "sentinel says +odown",
        "mark: a seat was sold",
    ] {
        assert!(
            all.iter().any(|name| name == expected),
            "{expected:?} is not in {all:?}"
        );
    }
}

#[test]
fn an_unknown_event_is_refused_with_those_near_it() {
    let said = |name: &str| {
        let (name, known) = (name.to_owned(), names());
        UnknownEvent { name, known }.to_string()
    };
    let near = said("buy begun");
    assert!(
        near.contains("\"buy begins\"") && near.contains("\"buy begun\""),
        "{near}"
    );
    assert!(said("").contains("\"shop begins\""), "{}", said(""));
}

#[test]
fn each_end_of_an_operation_is_told_apart() {
    let (id, op) = (OpId(1), Did::Buy { seat: 1 });
    let ended = |seen| Event::Ended {
        id,
        op: op.clone(),
        seen,
        took_ms: 1,
    };
    let rows = [
        (Event::Began { id, op: op.clone() }, vec!["begins"]),
        (ended(Seen::Ok), vec!["ends", "succeeds"]),
        (ended(Seen::Fail("no".into())), vec!["ends", "fails"]),
        (ended(Seen::Unknown("504".into())), vec!["ends", "in doubt"]),
    ];
    for (event, turns) in rows {
        let expected: Vec<String> = turns.iter().map(|turn| format!("buy {turn}")).collect();
        assert_eq!(triggered_by(&event), expected);
    }
}

#[test]
fn what_hosts_and_peers_do_is_an_event() {
    let host = || "redis-2".to_owned();
    let rows = [
        (
            Event::Sentinel {
                host: "sentinel-1".into(),
                says: "+odown master seats 10.0.0.4 6379 #quorum 2/2".into(),
            },
            "sentinel says +odown",
        ),
        (
            Event::Role {
                host: host(),
                role: "master".into(),
            },
            "redis-2 becomes master",
        ),
        (
            Event::Ready {
                host: "shop-1".into(),
                ready: false,
                why: String::new(),
            },
            "shop-1 closes its port",
        ),
        (Event::Balancer { says: "502".into() }, "balancer answers"),
        (Event::Own(Ticket::Jammed), "printer jams"),
    ];
    for (event, expected) in rows {
        assert_eq!(triggered_by(&event), [expected]);
    }
}

#[test]
fn writes_are_known_by_the_keys_of_the_service() {
    let trigger = Trigger::at("seat stored");
    for (command, key, expected) in [
        ("SET", "seat:7", true),
        ("set", "seat:7", true),
        ("DEL", "seat:7", false),
        ("SET", "seats", false),
    ] {
        assert_eq!(trigger.is_write::<Shop>(command, key), expected, "{command} {key}");
    }
}
