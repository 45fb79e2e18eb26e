//! Reads the rows of tables below their heads.

use std::{collections::HashSet, sync::Arc};

use super::{RowMeaning, TableColumn, TableForm, Tables};
use crate::{
    model::{Holder, LedgerEntry, LedgerSnapshot},
    parse::ledgers::{LedgerLine, LedgerOutput, LineOutcome, Parser, TextContext, add, fields},
};

/// Reads tables.
pub(in crate::parse::ledgers) struct TableReader {
    tables: Tables,
    open: Option<(Arc<TableForm>, LedgerSnapshot)>,
    /// What figures of the open print are multiplied with, once its first row is read.
    scale: Option<u64>,
    /// Rows of the open print.
    keys: HashSet<(u64, Arc<str>)>,
}

impl TableReader {
    pub(in crate::parse::ledgers) fn new(tables: &Tables) -> Self {
        Self { tables: tables.clone(), open: None, scale: None, keys: HashSet::new() }
    }
}

impl Parser for TableReader {
    fn opening_words(&self) -> Vec<&str> {
        self.tables.opening_words()
    }

    fn line(
        &mut self,
        line: &LedgerLine<'_>,
        _: &TextContext,
        out: &mut LedgerOutput,
    ) -> LineOutcome {
        if self.open.is_none() && !self.tables.may_begin(line.text) {
            return LineOutcome::Ignored;
        }
        let words: Vec<_> = line.text.split_whitespace().collect();
        if let Some(table) = self.tables.with_head(&words).cloned() {
            self.end(out);
            let census = LedgerSnapshot::new(table.ledger, title(&table), line.place.clone());
            self.open = Some((table, census));
            return LineOutcome::Parsed;
        }
        let Some((table, _)) = &self.open else { return LineOutcome::Ignored };
        let table = Arc::clone(table);
        let scale = self.scale.unwrap_or_else(|| table.scale(&words));
        let Some(rows) = table.rows_of(&words, line, scale) else {
            let is_left_out = table.is_left_out(&words);
            return if is_left_out { LineOutcome::Parsed } else { LineOutcome::Ignored };
        };
        if table.rows == RowMeaning::Moments || rows.iter().any(|row| self.keys.contains(&key(row)))
        {
            self.next_print(&table, line, out);
        }
        self.scale = Some(scale);
        if let Some((_, census)) = &mut self.open {
            self.keys.extend(rows.iter().map(key));
            rows.into_iter().for_each(|row| add(census, row));
        }
        LineOutcome::Parsed
    }

    fn end(&mut self, out: &mut LedgerOutput) {
        self.keys.clear();
        self.scale = None;
        let census = self.open.take().map(|(_, census)| census);
        census
            .into_iter()
            .filter(|census| !census.rows.is_empty())
            .for_each(|census| out.census(census));
    }
}

impl TableReader {
    fn next_print(
        &mut self,
        table: &Arc<TableForm>,
        line: &LedgerLine<'_>,
        out: &mut LedgerOutput,
    ) {
        self.end(out);
        let census = LedgerSnapshot::new(table.ledger, title(table), line.place.clone());
        self.open = Some((Arc::clone(table), census));
    }
}

/// Rows of another ledger need no title of their own.
fn title(table: &TableForm) -> &str {
    use crate::model::LedgerKind::{Series, Table as Plain};
    if matches!(table.ledger, Plain | Series) { &table.name } else { "" }
}

fn key(row: &LedgerEntry) -> (u64, Arc<str>) {
    (row.holder.as_ref().map_or(0, |holder| holder.pid), row.name.clone())
}

impl TableForm {
    /// Whether a row is one of those that are not kept.
    fn is_left_out(&self, words: &[&str]) -> bool {
        if words.last().is_some_and(|name| self.is_sum(name)) {
            return true;
        }
        let has_name = words.first().is_some_and(|word| word.ends_with(':'));
        !self.keep.is_empty()
            && has_name
            && words.len() > 1
            && words[1..].iter().all(|word| fields::decimal(word).is_some())
    }

    /// What the figures of a print that begins with this row are multiplied with: the tool prints no unit.
    fn scale(&self, words: &[&str]) -> u64 {
        let most = words.iter().filter_map(|word| fields::decimal(word)).max();
        let is_mebibytes = self.mebibytes_below.zip(most).is_some_and(|(limit, most)| most < limit);
        if is_mebibytes { 1024 } else { 1 }
    }

    /// The rows of a line: one, or one for each named column of a moment.
    fn rows_of(
        &self,
        words: &[&str],
        line: &LedgerLine<'_>,
        scale: u64,
    ) -> Option<Vec<LedgerEntry>> {
        let cells = self.cells(words)?;
        match self.rows {
            RowMeaning::Entries => self.entry(&cells, line).map(|row| vec![row]),
            RowMeaning::Moments => self.moment(&cells, line),
        }
        .map(|mut rows| {
            rows.iter_mut().for_each(|row| row.bytes = row.bytes.saturating_mul(scale));
            rows
        })
    }

    /// The text of each column; the one that may have blanks takes what the others leave.
    fn cells(&self, words: &[&str]) -> Option<Vec<String>> {
        let n = self.columns.len();
        let words = if self.has_more { words.get(..n)? } else { words };
        let more = words.len().checked_sub(n)?;
        let flexible = self.columns.iter().position(TableColumn::is_flexible);
        if more > 0 && flexible.is_none() {
            return None;
        }
        let mut at = 0;
        let cell = |index: usize| {
            let length = 1 + if Some(index) == flexible { more } else { 0 };
            at += length;
            words[at - length..at].join(" ")
        };
        Some((0..n).map(cell).collect())
    }

    fn entry(&self, cells: &[String], line: &LedgerLine<'_>) -> Option<LedgerEntry> {
        let mut row = LedgerEntry::new(line.place.clone(), "", 1, 0);
        let (mut pid, mut comm) = (None, "");
        for (column, cell) in self.columns.iter().zip(cells) {
            match column {
                TableColumn::Skipped => {}
                TableColumn::Name => row.name = cell.as_str().into(),
                TableColumn::Comm => comm = cell,
                TableColumn::Pid => pid = Some(fields::decimal(cell)?),
                TableColumn::Inode => row.ids.inode = Some(fields::decimal(cell)?),
                TableColumn::Count => row.count = fields::decimal(cell)?,
                TableColumn::Bytes(unit, _) => row.bytes = bytes(cell, *unit)?,
            }
        }
        row.holder = pid.map(|pid| Holder { pid, comm: comm.into() });
        let is_kept =
            self.keep.is_empty() || self.keep.iter().any(|start| row.name.starts_with(start));
        (is_kept && !self.is_sum(&row.name)).then_some(row)
    }

    fn is_sum(&self, name: &str) -> bool {
        self.sums.iter().any(|sum| sum == name)
    }

    fn moment(&self, cells: &[String], line: &LedgerLine<'_>) -> Option<Vec<LedgerEntry>> {
        let mut rows: Vec<LedgerEntry> = Vec::new();
        for (column, cell) in self.columns.iter().zip(cells) {
            let TableColumn::Bytes(unit, label) = column else { continue };
            let bytes = bytes(cell, *unit)?;
            match rows.iter_mut().find(|row| row.name == *label) {
                Some(row) => row.bytes = row.bytes.saturating_add(bytes),
                None => rows.push(LedgerEntry::new(line.place.clone(), label, 0, bytes)),
            }
        }
        Some(rows)
    }
}

/// A number of units, or one with a unit of its own: `1.2g`, `60008K`, `512kB`.
fn bytes(cell: &str, unit: u64) -> Option<u64> {
    if let Some(number) = fields::decimal(cell) {
        return number.checked_mul(unit);
    }
    let cell = cell.strip_suffix(['B', 'b']).unwrap_or(cell);
    let cell = cell.strip_suffix('i').unwrap_or(cell);
    fields::scaled_bytes(&cell.to_uppercase(), 1024)
}
