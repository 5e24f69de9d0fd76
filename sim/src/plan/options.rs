//! A part of a plan as JSON. In this form the shrinker and guidance change values whose types they do not know.
//!
//! The options of a world are tables of numbers and text. An array of tables in them contains *entries*: planned
//! events, similar to operations (`[[world.openings]]`). All other values are *settings*, each identified by its path.

use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

/// The place of an entry: the number of its array, in the order of the file, and its index in the array.
pub(crate) type Place = (usize, usize);

/// The path of a setting: its keys, beginning with the outermost table.
pub(crate) type Path = Vec<String>;

/// An entry: an element of an array of tables.
pub(crate) struct Entry {
    pub(crate) place: Place,
    /// The key of its array.
    pub(crate) list: String,
    /// The time for which it is planned, milliseconds from the start of the run, if it has one.
    pub(crate) at_ms: Option<u64>,
}

/// A setting in which two worlds differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Difference {
    pub(crate) path: Path,
    /// Whether it is an array of tables.
    pub(crate) is_list: bool,
}

/// The names of fields that contain the time of an entry.
const TIMES: [&str; 2] = ["at_ms", "due_ms"];

/// Converts a part of a plan to JSON.
pub(crate) fn to_json(part: &impl Serialize) -> Value {
    serde_json::to_value(part).expect("a plan is tables of numbers and text")
}

/// All entries, in the order of the file.
pub(crate) fn entries(world: &impl Serialize) -> Vec<Entry> {
    let (mut entries, mut list) = (vec![], 0);
    each_list(&mut to_json(world), &mut |key, elements| {
        entries.extend(elements.iter_mut().enumerate().map(|(index, element)| Entry {
            place: (list, index),
            list: key.to_owned(),
            at_ms: time_of(element).and_then(|time| time.as_u64()),
        }));
        list += 1;
    });
    entries
}

/// The same world with only the wanted entries, at times that may be changed. `None` if such a world is invalid.
pub(crate) fn with_entries<W: Serialize + DeserializeOwned>(
    world: &W,
    mut wanted: impl FnMut(Place, Option<&mut u64>) -> bool,
) -> Option<W> {
    let (mut json, mut list) = (to_json(world), 0);
    each_list(&mut json, &mut |_, elements| {
        let mut index = 0;
        elements.retain_mut(|element| {
            let place = (list, index);
            index += 1;
            let Some(time) = time_of(element) else {
                return wanted(place, None);
            };
            let mut at_ms = time.as_u64().expect("only such times are returned");
            let keep = wanted(place, Some(&mut at_ms));
            *time = at_ms.into();
            keep
        });
        list += 1;
    });
    serde_json::from_value(json).ok()
}

fn each_list(json: &mut Value, visit: &mut dyn FnMut(&str, &mut Vec<Value>)) {
    let Value::Object(table) = json else {
        return;
    };
    for (key, value) in table {
        match value {
            Value::Array(elements) if elements.iter().all(Value::is_object) => visit(key, elements),
            _ => each_list(value, visit),
        }
    }
}

fn time_of(entry: &mut Value) -> Option<&mut Value> {
    let key = TIMES.into_iter().find(|key| entry[*key].is_u64())?;
    entry.get_mut(key)
}

/// The settings in which two worlds differ.
pub(crate) fn differences<W: Serialize>(world: &W, other: &W) -> Vec<Difference> {
    let mut found = vec![];
    compare(&to_json(world), &to_json(other), &mut vec![], &mut found);
    found
}

fn compare(this: &Value, other: &Value, path: &mut Path, found: &mut Vec<Difference>) {
    if let (Value::Object(here), Value::Object(there)) = (this, other) {
        let more = there.keys().filter(|key| !here.contains_key(*key));
        for key in here.keys().chain(more) {
            path.push(key.clone());
            compare(&this[key], &other[key], path, found);
            path.pop();
        }
    } else if this != other {
        let is_list = |value: &Value| {
            let elements = value.as_array().filter(|elements| !elements.is_empty());
            elements.is_some_and(|elements| elements.iter().all(Value::is_object))
        };
        found.push(Difference {
            path: path.clone(),
            is_list: is_list(this) || is_list(other),
        });
    }
}

/// The groups of settings that may have to change together with the one at `path`: the setting alone; the settings of
/// its table whose names begin with the same word (`latency_ms_min`, `latency_ms_max`); and its whole table, unless
/// that is the world itself.
pub(crate) fn groups<'a>(paths: &'a [Path], path: &'a Path) -> Vec<Vec<&'a Path>> {
    let table = |path: &'a Path| &path[..path.len().saturating_sub(1)];
    let word = |path: &'a Path| path.last().and_then(|key| key.split('_').next());
    let of_table: Vec<&Path> = paths.iter().filter(|other| table(other) == table(path)).collect();
    let of_word = of_table
        .iter()
        .copied()
        .filter(|other| word(other) == word(path))
        .collect();
    let mut groups = vec![vec![path], of_word];
    if !table(path).is_empty() {
        groups.push(of_table);
    }
    groups.dedup();
    groups
}

/// The world with these settings as in another world. `None` if such a world is invalid.
pub(crate) fn with_settings_of<'a, W: Serialize + DeserializeOwned>(
    world: &W,
    other: &W,
    paths: impl IntoIterator<Item = &'a Path>,
) -> Option<W> {
    let (mut json, other) = (to_json(world), to_json(other));
    for path in paths {
        let Some((key, tables)) = path.split_last() else {
            json.clone_from(&other); // the world is not a table
            continue;
        };
        let mut from = &other;
        let mut to = &mut json;
        for table in tables {
            from = &from[table];
            to = to.get_mut(table)?;
        }
        let to = to.as_object_mut()?;
        match from.get(key) {
            Some(value) => drop(to.insert(key.clone(), value.clone())),
            None => drop(to.remove(key)),
        }
    }
    serde_json::from_value(json).ok()
}

#[cfg(test)]
mod tests;
