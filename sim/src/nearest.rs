//! Suggestions for a name that does not exist.

/// The names at most a few edits away from `wanted`, nearest first, at most three.
pub(crate) fn nearest<'a>(wanted: &str, names: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let mut ranked: Vec<(usize, &str)> = names
        .into_iter()
        .map(|name| match name.contains(wanted) && wanted.len() > 2 {
            true => (0, name),
            false => (distance(wanted, name), name),
        })
        .filter(|(far, name)| *far <= 1 + name.len() / 3)
        .collect();
    ranked.sort();
    ranked.into_iter().take(3).map(|(_, name)| name).collect()
}

/// The text "; did you mean …?"; empty if no name is near.
pub(crate) fn suggestion(near: &[&str]) -> String {
    match near {
        [] => String::new(),
        near => format!("; did you mean {}?", near.join(" or ")),
    }
}

/// The Levenshtein distance: insertions, deletions and substitutions.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let substituted = diagonal + usize::from(x != *y);
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_finger_finds_its_name() {
        let names = ["calm_day", "code_race", "swarm"];
        assert_eq!(nearest("calm_dya", names), ["calm_day"]);
        assert_eq!(nearest("race", names), ["code_race"]);
        assert_eq!(nearest("zzzzzz", names), [""; 0]);
        assert_eq!(distance("kitten", "sitting"), 3);
    }
}
