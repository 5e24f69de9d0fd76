//! The numbers that clients and operators are promised: those of the page `core/LIMITS.md`, but for what a world sets
//! otherwise.

use std::collections::BTreeMap;

const PAGE: &str = include_str!("../../../core/LIMITS.md");

/// Lifetimes, windows and limits, by the names of the page. Times are in milliseconds, all else in its own unit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings(BTreeMap<String, u64>);

impl Default for Settings {
    /// As documented.
    fn default() -> Settings {
        Settings(read(PAGE))
    }
}

impl Settings {
    /// The value of a row: milliseconds, if it is a time.
    ///
    /// # Panics
    /// The page has no such row.
    pub fn get(&self, row: &str) -> u64 {
        let found = self.0.get(row);
        *found.unwrap_or_else(|| panic!("core/LIMITS.md has no row {row:?}"))
    }

    /// The same, with another value in a row.
    ///
    /// # Panics
    /// The page has no such row.
    #[must_use]
    pub fn with(mut self, row: &str, value: u64) -> Settings {
        self.get(row);
        self.0.insert(row.to_owned(), value);
        self
    }
}

/// Reads the tables: a table whose second heading is `s` or `ms` has times.
fn read(page: &str) -> BTreeMap<String, u64> {
    let mut rows = BTreeMap::new();
    let mut factor = 1;
    for line in page.lines().filter(|line| line.starts_with('|')) {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        match cells[2] {
            "s" => factor = 1000,
            "n" | "ms" => factor = 1,
            number => {
                if let Ok(number) = number.parse::<u64>() {
                    rows.insert(cells[1].to_owned(), number * factor);
                }
            }
        }
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_page() {
        let settings = Settings::default();
        assert_eq!(settings.get("authorization code"), 60_000);
        assert_eq!(settings.get("failures in a row"), 100);
        assert_eq!(settings.with("limits", 7).get("limits"), 7);
    }

    #[test]
    #[should_panic(expected = "no row \"sessions\"")]
    fn a_row_that_is_not_there_is_named() {
        Settings::default().get("sessions");
    }
}
