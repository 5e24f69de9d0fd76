use super::*;
use crate::testing::{Opening, ShopWorld};
use serde::Deserialize;

fn opening(row: &str, due_ms: u64) -> Opening {
    Opening {
        row: row.into(),
        due_ms,
    }
}

#[test]
fn entries_are_found_moved_and_taken_out() {
    let world = ShopWorld {
        opening: vec![opening("a", 500), opening("b", 700)],
        ..ShopWorld::default()
    };
    let found: Vec<_> = entries(&world)
        .into_iter()
        .map(|entry| (entry.place, entry.at_ms))
        .collect();
    assert_eq!(found, [((0, 0), Some(500)), ((0, 1), Some(700))]);
    let changed = with_entries(&world, |place, time| {
        *time.expect("each has one") += 1;
        place == (0, 1)
    });
    assert_eq!(changed.expect("such a world exists").opening, [opening("b", 701)]);
}

#[test]
fn settings_are_compared_and_taken_over_one_by_one() {
    let world = ShopWorld {
        latency_ms_max: 9,
        quorum: 1,
        opening: vec![opening("a", 1)],
    };
    let found = differences(&world, &ShopWorld::default());
    let key = |key: &str, is_list| Difference {
        path: vec![key.into()],
        is_list,
    };
    for difference in [key("latency_ms_max", false), key("quorum", false), key("opening", true)] {
        assert!(found.contains(&difference), "{found:?}");
    }
    let quorum = vec!["quorum".to_owned()];
    let changed = with_settings_of(&world, &ShopWorld::default(), [&quorum]);
    assert_eq!(changed, Some(ShopWorld { quorum: 2, ..world }));
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Nested {
    wait_ms_min: u64,
    wait_ms_max: u64,
    disk: Disk,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
enum Disk {
    Sound,
    Slow { by_ms: u64 },
}

#[test]
fn what_must_change_together_is_one_group() {
    let nested = |low, high, disk| Nested {
        wait_ms_min: low,
        wait_ms_max: high,
        disk,
    };
    let (here, there) = (nested(1, 2, Disk::Slow { by_ms: 5 }), nested(7, 9, Disk::Sound));
    let paths: Vec<Path> = differences(&here, &there).into_iter().map(|found| found.path).collect();
    let of = |key: &str| {
        paths
            .iter()
            .find(|path| path.last().is_some_and(|last| last == key))
            .unwrap()
    };
    assert_eq!(groups(&paths, of("wait_ms_max"))[1].len(), 2);
    let disk = groups(&paths, of("kind"));
    let alone = with_settings_of(&there, &here, disk[0].iter().copied());
    assert_eq!(alone, None, "a slow disk says by how much");
    let together = with_settings_of(&there, &here, disk.last().unwrap().iter().copied());
    assert_eq!(together, Some(nested(7, 9, Disk::Slow { by_ms: 5 })));
}
