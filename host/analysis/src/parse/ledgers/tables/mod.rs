//! Tables by a description of their columns: those of common tools, and those of a vendor in a file of the user's.
//!
//! ```text
//! tables/tools.toml, --table FILE ── Tables ── TableReader: head, then rows ──> snapshots
//! ```
//!
//! `tables/tools.toml` says what a description has.

mod reader;

use std::sync::{Arc, LazyLock};

pub(super) use reader::TableReader;
use serde::Deserialize;

use crate::model::LedgerKind;

/// Descriptions of tables.
#[derive(Clone, Default, Debug)]
pub struct Tables(Vec<Arc<TableForm>>);

impl Tables {
    /// The tables of common tools.
    #[must_use]
    pub fn built_in() -> &'static Self {
        static TABLES: LazyLock<Tables> = LazyLock::new(|| {
            let mut tables = Tables::default();
            // A test reads the file.
            let _ = tables.add(include_str!("../../../../tables/tools.toml"));
            tables
        });
        &TABLES
    }

    /// Adds the tables of a file; they come before those that are known already.
    ///
    /// # Errors
    /// What is wrong in the text.
    pub fn add(&mut self, text: &str) -> Result<(), String> {
        let file: TableFile = toml::from_str(text).map_err(|error| error.to_string())?;
        let tables: Result<Vec<_>, String> = file.table.into_iter().map(TableForm::new).collect();
        self.0.splice(0..0, tables?.into_iter().map(Arc::new));
        Ok(())
    }

    /// Whether they are those that everybody has.
    pub(super) fn is_built_in(&self) -> bool {
        self.0.len() == Self::built_in().0.len()
    }

    /// A word of each head.
    fn opening_words(&self) -> Vec<&str> {
        let mut words: Vec<_> = self.0.iter().filter_map(|table| table.opening_word()).collect();
        words.sort_unstable();
        words.dedup();
        words
    }

    /// Whether a line may be the head of a table: a quick check that most lines fail.
    fn may_begin(&self, text: &str) -> bool {
        let first = text.split_whitespace().next().unwrap_or_default();
        self.0.iter().any(|table| table.head.first().is_some_and(|head| head == first))
    }

    /// The table whose head this is.
    fn with_head(&self, words: &[&str]) -> Option<&Arc<TableForm>> {
        self.0.iter().find(|table| words.starts_with_words(&table.head))
    }
}

/// Whether words start with those of a head: tools put more columns behind them.
trait StartsWithWords {
    fn starts_with_words(&self, head: &[String]) -> bool;
}

impl StartsWithWords for [&str] {
    fn starts_with_words(&self, head: &[String]) -> bool {
        self.len() >= head.len() && self.iter().zip(head).all(|(word, head)| word == head)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TableFile {
    table: Vec<TableText>,
}

/// A description as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TableText {
    name: String,
    ledger: Option<String>,
    head: String,
    columns: Vec<String>,
    #[serde(default)]
    rows: RowMeaning,
    #[serde(default)]
    keep: Vec<String>,
    #[serde(default)]
    drop: Vec<String>,
    mebibytes_below: Option<u64>,
}

/// What a row is.
#[derive(Clone, Copy, PartialEq, Eq, Default, Deserialize, Debug)]
#[serde(rename_all = "lowercase")]
enum RowMeaning {
    #[default]
    Entries,
    Moments,
}

/// A table.
#[derive(PartialEq, Eq, Debug)]
struct TableForm {
    name: Arc<str>,
    ledger: LedgerKind,
    head: Vec<String>,
    columns: Vec<TableColumn>,
    /// Whether rows may have more words than columns.
    has_more: bool,
    rows: RowMeaning,
    keep: Vec<String>,
    /// Names of rows that are sums of others.
    sums: Vec<String>,
    /// A print whose first row has only smaller figures is in MiB, not KiB.
    mebibytes_below: Option<u64>,
}

/// A column.
#[derive(Clone, PartialEq, Eq, Debug)]
enum TableColumn {
    Skipped,
    Name,
    Comm,
    Pid,
    Inode,
    Count,
    /// Bytes of a unit, and the column's own name.
    Bytes(u64, Arc<str>),
}

impl TableForm {
    /// A word that its head has: the first one, unless that is a letter or a sign.
    fn opening_word(&self) -> Option<&str> {
        let first = self.head.first().filter(|first| first.len() > 2);
        first.or(self.head.iter().max_by_key(|word| word.len())).map(String::as_str)
    }

    fn new(text: TableText) -> Result<Self, String> {
        let table_name = text.name.clone();
        let wrong = |what: &str| format!("table \"{table_name}\": {what}");
        let ledger = text.ledger.as_deref().unwrap_or(match text.rows {
            RowMeaning::Entries => "table",
            RowMeaning::Moments => "series",
        });
        let ledger = LedgerKind::ALL.iter().find(|kind| kind.info().id == ledger);
        let ledger =
            *ledger.ok_or_else(|| wrong("expected \"table\" or a known ledger as `ledger`"))?;
        let mut columns = text.columns.clone();
        let has_more = columns.last().is_some_and(|last| last == "*");
        columns.truncate(columns.len() - usize::from(has_more));
        let columns: Option<Vec<_>> =
            columns.iter().map(|column| TableColumn::new(column)).collect();
        let columns = columns.ok_or_else(|| {
            wrong("expected columns such as \"name\", \"count\", \"bytes KiB\" or \"-\"")
        })?;
        let head: Vec<_> = text.head.split_whitespace().map(str::to_owned).collect();
        let has_figure = columns
            .iter()
            .any(|column| matches!(column, TableColumn::Count | TableColumn::Bytes(..)));
        let flexible = columns.iter().filter(|column| column.is_flexible()).count();
        if head.is_empty() || !has_figure || flexible > 1 {
            return Err(wrong(
                "expected a head, a column with a count or bytes, and at most one of `name` and `comm`",
            ));
        }
        let TableText { name, rows, keep, drop: sums, mebibytes_below, .. } = text;
        let name = name.into();
        Ok(Self { name, ledger, head, columns, has_more, rows, keep, sums, mebibytes_below })
    }
}

impl TableColumn {
    fn new(text: &str) -> Option<Self> {
        Some(match text {
            "-" => Self::Skipped,
            "name" => Self::Name,
            "comm" => Self::Comm,
            "pid" => Self::Pid,
            "inode" => Self::Inode,
            "count" => Self::Count,
            _ => {
                let mut words = text.splitn(3, ' ');
                (words.next() == Some("bytes")).then_some(())?;
                let unit = words.next().map_or(Some(1), unit)?;
                Self::Bytes(unit, words.next().unwrap_or_default().into())
            }
        })
    }

    /// Whether it may have blanks.
    const fn is_flexible(&self) -> bool {
        matches!(self, Self::Name | Self::Comm)
    }
}

/// Bytes of a unit.
fn unit(name: &str) -> Option<u64> {
    const UNITS: [(&str, u64); 9] = [
        ("B", 1),
        ("KiB", 1 << 10),
        ("kB", 1 << 10),
        ("KB", 1 << 10),
        ("MiB", 1 << 20),
        ("MB", 1 << 20),
        ("GiB", 1 << 30),
        ("GB", 1 << 30),
        ("pages", 4096),
    ];
    UNITS.iter().find(|(unit, _)| *unit == name).map(|(_, bytes)| *bytes)
}

#[cfg(test)]
mod tests {
    use super::Tables;
    use crate::{model::LedgerKind, parse::ledgers::LedgerReader};

    #[test]
    fn built_in_tables_are_read() {
        let mut tables = Tables::default();
        tables.add(include_str!("../../../../tables/tools.toml")).unwrap();
        assert_eq!(tables.0.len(), Tables::built_in().0.len());
    }

    #[test]
    fn mistakes_are_named() {
        let mut tables = Tables::default();
        for text in [
            "[[table]]\nname = \"a\"\nhead = \"A\"\ncolumns = [\"name\"]",
            "[[table]]\nname = \"a\"\nhead = \"A\"\ncolumns = [\"bites\"]",
        ] {
            assert!(tables.add(text).unwrap_err().starts_with("table \"a\": expected"));
        }
    }

    #[test]
    fn a_table_of_a_vendor_needs_no_code() {
        let mut tables = Tables::built_in().clone();
        let text = "[[table]]\nname = \"zvd pools\"\nhead = \"pool cap[p] used[p] peak[p] owner\"\n\
                    columns = [\"name\", \"-\", \"bytes pages\", \"-\", \"-\"]";
        tables.add(text).unwrap();
        let mut reader = LedgerReader::with_tables("report", &tables);
        for line in [
            "pool         cap[p]   used[p]  peak[p]  owner",
            "zvd-main 16384 15992 16384 demux0",
            "zvd-sub 8192 512 4096 demux1",
            "end",
        ] {
            reader.line(line.as_bytes());
        }
        let world = reader.finish();
        let census = world.snapshots(LedgerKind::Table).next().unwrap();
        assert_eq!(
            (&*census.of, census.rows.len(), census.bytes()),
            ("zvd pools", 2, (15992 + 512) * 4096)
        );
        assert_eq!(world.accounting.parsed, 3);
    }
}
