//! Tables and colours for a terminal; plain text everywhere else.

use crate::report::Look;
use comfy_table::{Attribute, Cell, CellAlignment, Color, ContentArrangement, Table, TableComponent, presets};
use std::io::IsTerminal;

/// The appearance of standard output: colours only on a terminal, and not if `NO_COLOR` is set to anything
/// (<https://no-color.org>).
pub fn look() -> Look {
    let unwanted = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    Look {
        colour: std::io::stdout().is_terminal() && !unwanted,
        ..Look::PLAIN
    }
}

/// An empty table with these headings. Columns whose heading begins with `>` are for numbers.
pub fn new(look: &Look, headings: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_preset(presets::UTF8_HORIZONTAL_ONLY);
    table.remove_style(TableComponent::HorizontalLines);
    table.remove_style(TableComponent::MiddleIntersections);
    table.set_content_arrangement(ContentArrangement::Disabled);
    if look.colour {
        table.enforce_styling();
    } else {
        table.force_no_tty();
    }
    let heading = |text: &&str| Cell::new(text.trim_start_matches('>')).add_attribute(Attribute::Bold);
    table.set_header(headings.iter().map(heading));
    for (index, text) in headings.iter().enumerate() {
        if let (true, Some(column)) = (text.starts_with('>'), table.column_mut(index)) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table
}

/// A table as Markdown.
pub fn markdown(table: &Table) -> String {
    let line = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
    let headings: Vec<String> = (table.header().into_iter().flat_map(|row| row.cell_iter()))
        .map(Cell::content)
        .collect();
    let rules = line(vec!["---".to_owned(); headings.len()]);
    let rows = table
        .row_iter()
        .map(|row| line(row.cell_iter().map(Cell::content).collect()));
    line(headings) + &rules + &rows.collect::<String>()
}

/// A coloured cell: good (green), bad (red) or neither (yellow).
pub fn judged(text: impl ToString, conclusion: super::Conclusion) -> Cell {
    use super::Conclusion::{Held, Inconclusive, Violated};
    Cell::new(text).fg(match conclusion {
        Held => Color::Green,
        Inconclusive => Color::Yellow,
        Violated => Color::Red,
    })
}

/// A number with separators: `1,234,567`.
pub fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A number with a noun: `1 run`, `2 runs`.
pub fn count(number: usize, noun: &str) -> String {
    let s = if number == 1 { "" } else { "s" };
    format!("{} {noun}{s}", thousands(number as u64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        for (number, text) in [(0, "0"), (999, "999"), (1000, "1,000"), (1_234_567, "1,234,567")] {
            assert_eq!(thousands(number), text);
        }
        assert_eq!(count(1, "run"), "1 run");
        assert_eq!(count(2000, "run"), "2,000 runs");
    }

    #[test]
    fn without_a_terminal_there_are_no_colours() {
        let mut table = new(&Look::PLAIN, &["a", ">b"]);
        table.add_row([judged("x", super::super::Conclusion::Violated), Cell::new(1)]);
        assert!(!table.to_string().contains('\u{1b}'));
    }

    #[test]
    fn a_table_is_one_for_a_terminal_and_for_a_page() {
        let look = Look {
            colour: true,
            ..Look::PLAIN
        };
        let mut table = new(&look, &["a", ">b"]);
        table.add_row([judged("x", super::super::Conclusion::Violated), Cell::new(1)]);
        assert_eq!(markdown(&table), "| a | b |\n| --- | --- |\n| x | 1 |\n");
    }
}
