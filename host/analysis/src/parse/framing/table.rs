//! Tables of wikis, forums and trackers: `| I/TC: buffer: 24 bytes a.c:20 |`.

use super::console_start;
use crate::parse::console::{LineReading, is_bare_incident, reading};

/// Fewest rows of a table.
const ROWS: usize = 2;

/// Whether lines of the console are rows of a table.
pub(super) fn has_rows<'t>(lines: impl Iterator<Item = &'t [u8]>) -> bool {
    let is_of_console = |text: &[u8]| {
        console_start::is_start(text)
            || reading(text) == LineReading::Whole
            || is_bare_incident(text)
    };
    lines.filter(|line| cell(line).is_some_and(is_of_console)).nth(ROWS - 1).is_some()
}

/// The text of a row with one cell.
pub(super) fn cell(line: &[u8]) -> Option<&[u8]> {
    let row = line.trim_ascii().strip_prefix(b"|")?.strip_suffix(b"|")?;
    Some(row.strip_prefix(b" ").unwrap_or(row).trim_ascii_end())
}

#[cfg(test)]
mod tests {
    use super::{cell, has_rows};

    #[test]
    fn rows_are_recognized() {
        let rows = "| Console |\n|---|\n| I/TC: a |\n|E/LD:  b|";
        assert!(has_rows(rows.split('\n').map(str::as_bytes)));
        let bare = "| assertion 'a' failed at b.c:1 in c() |\n| TA panicked with code 0xffff3024 |";
        assert!(has_rows(bare.split('\n').map(str::as_bytes)));
        assert!(!has_rows("| I/TC: a |\n| b |\nI/TC: a |".split('\n').map(str::as_bytes)));
        assert_eq!(cell(b"|  E/LD:  b |\r"), Some(b" E/LD:  b".as_slice()));
    }
}
