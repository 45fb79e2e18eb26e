//! Plain figures: one number a line, or columns with their names in the first line (CSV).
//!
//! ```text
//! time,rss_kb                  231
//! 1772532900,48133             234
//! 1772532960,48613             237
//! ```
//!
//! Anything may have a line with a number, so that only a whole text counts: it begins so, and goes on so. Each
//! line is a moment; a column that is time is none.

use super::{LedgerLine, LedgerOutput, LineOutcome, Parser, TextContext, fields};
use crate::{
    model::{LedgerEntry, LedgerKind, LedgerSnapshot, SourceLocation},
    text,
};

/// Fewest lines that are a series.
const SHORTEST: usize = 4;

/// Names of columns that say when.
const TIMES: [&str; 22] = [
    "ts",
    "date",
    "datetime",
    "seconds",
    "sec",
    "s",
    "ms",
    "uptime",
    "t",
    "iteration",
    "iter",
    "loop",
    "index",
    "n",
    "i",
    "#",
    "no",
    "sample",
    "minute",
    "hour",
    "epoch",
    "elapsed",
];

/// Seconds since 1970 that a clock shows and hardly anything else.
const EPOCH: u64 = 1_000_000_000;

/// Most columns.
const COLUMNS: usize = 256;

#[derive(Default)]
pub(super) struct PlainSeries {
    state: SeriesState,
}

#[derive(Default)]
enum SeriesState {
    #[default]
    Begin,
    Open(OpenSeries),
    /// The text is something else.
    Other,
}

pub(super) struct OpenSeries {
    place: SourceLocation,
    columns: Vec<SeriesColumn>,
    separator: Option<char>,
    /// The values of each line.
    lines: Vec<(SourceLocation, Vec<u64>)>,
}

struct SeriesColumn {
    name: String,
    /// Bytes of its unit; `None` for plain numbers.
    unit: Option<u64>,
    is_time: bool,
    is_named: bool,
}

impl Parser for PlainSeries {
    fn line(
        &mut self,
        line: &LedgerLine<'_>,
        context: &TextContext,
        out: &mut LedgerOutput,
    ) -> LineOutcome {
        if matches!(self.state, SeriesState::Other) {
            return LineOutcome::Ignored;
        }
        let text = line.raw.trim();
        match &mut self.state {
            SeriesState::Other => LineOutcome::Ignored,
            SeriesState::Begin => {
                let is_first = line.place.at == 1;
                let open = is_first
                    .then(|| OpenSeries::begin(text, &line.place, context.name()))
                    .flatten();
                let is_figures = open.as_ref().is_some_and(|open| !open.lines.is_empty());
                self.state = open.map_or(SeriesState::Other, SeriesState::Open);
                if is_figures { LineOutcome::Parsed } else { LineOutcome::Ignored }
            }
            SeriesState::Open(_) if text.is_empty() || text.starts_with('#') => LineOutcome::Parsed,
            SeriesState::Open(open) => {
                let is_first = open.lines.is_empty();
                if open.push(text, &line.place) {
                    // The names of the columns count once a figure follows them.
                    out.held_back += u64::from(is_first);
                    return LineOutcome::Parsed;
                }
                self.state = SeriesState::Other;
                LineOutcome::Ignored
            }
        }
    }

    fn end(&mut self, out: &mut LedgerOutput) {
        if let SeriesState::Open(open) = std::mem::take(&mut self.state)
            && open.lines.len() >= SHORTEST
            && open.has_figures()
        {
            open.censuses().for_each(|census| out.census(census));
        }
    }
}

impl OpenSeries {
    /// The series that begins with this line: names of columns, or the first figures.
    pub(super) fn begin(text: &str, place: &SourceLocation, file: &str) -> Option<Self> {
        let separator = separator(text);
        let is_head = separator != Some(' ')
            && cells(text, separator).iter().all(|cell| is_column_name(cell));
        let mut open = Self::new(text, place, file, is_head);
        let fits = open.columns.len() <= COLUMNS && (is_head || open.push(text, place));
        fits.then_some(open)
    }

    /// A series with as many columns as this line has words; they are the names of the columns if it is a head.
    pub(super) fn new(text: &str, place: &SourceLocation, file: &str, is_head: bool) -> Self {
        let separator = separator(text);
        let named = |(at, cell): (usize, &str)| {
            SeriesColumn::new(if is_head { cell } else { "" }, at, file)
        };
        let mut columns: Vec<_> =
            cells(text, separator).into_iter().enumerate().map(named).collect();
        if let [alone] = columns.as_mut_slice() {
            alone.is_time = false;
        }
        Self { place: place.clone(), columns, separator, lines: Vec::new() }
    }

    /// Why a line is none of this series.
    pub(super) fn mistake(&self, text: &str) -> String {
        let (cells, n) = (cells(text, self.separator), self.columns.len());
        if cells.len() != n {
            let n = text::count(n as u64, "column");
            return format!("expected {n} as in the first line, found {}", cells.len());
        }
        let is_wrong = |(column, cell): &(&SeriesColumn, &&str)| {
            !column.is_time && !is_time(cell) && column.value(cell).is_none()
        };
        match self.columns.iter().zip(&cells).find(is_wrong) {
            Some((column, cell)) => {
                format!("expected a number in column \"{}\", found \"{cell}\"", column.name)
            }
            None => format!("expected at most {} lines", text::number(super::MOST as u64)),
        }
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// Whether any column is more than a time.
    pub(super) fn has_figures(&self) -> bool {
        self.columns.iter().any(|column| !column.is_time)
    }

    pub(super) fn push(&mut self, text: &str, place: &SourceLocation) -> bool {
        let cells = cells(text, self.separator);
        if cells.len() != self.columns.len() || self.lines.len() >= super::MOST {
            return false;
        }
        let is_lone = cells.len() == 1;
        for (column, cell) in self.columns.iter_mut().zip(&cells) {
            column.is_time |= !is_lone && is_time(cell);
        }
        let value = |(column, cell): (&SeriesColumn, &&str)| {
            if column.is_time { Some(0) } else { column.value(cell) }
        };
        let values: Option<Vec<_>> = self.columns.iter().zip(&cells).map(value).collect();
        values.map(|values| self.lines.push((place.clone(), values))).is_some()
    }

    /// A first column without a name that counts the lines or the seconds is time, if there is another one.
    fn has_counter(&self) -> bool {
        let is_unnamed = self.columns.first().is_some_and(|column| !column.is_named);
        let firsts = self.lines.iter().filter_map(|(_, values)| values.first().copied());
        let firsts: Vec<_> = firsts.collect();
        let is_even =
            firsts.windows(3).all(|of| of[2].checked_sub(of[1]) == of[1].checked_sub(of[0]));
        let is_clock = firsts.first().is_some_and(|first| *first > EPOCH);
        let rises = firsts.windows(2).all(|pair| pair[1] > pair[0]);
        is_unnamed && self.columns.len() > 1 && rises && (is_even || is_clock)
    }

    pub(super) fn censuses(mut self) -> impl Iterator<Item = LedgerSnapshot> {
        let has_counter = self.has_counter();
        if let Some(first) = self.columns.first_mut() {
            first.is_time |= has_counter;
        }
        let Self { columns, lines, place, .. } = self;
        lines.into_iter().map(move |(at, values)| {
            let mut census = LedgerSnapshot::new(LedgerKind::Series, "", at.clone());
            census.place.source = place.source;
            let is_figure = |(column, _): &(&SeriesColumn, u64)| !column.is_time;
            for (column, value) in columns.iter().zip(values).filter(is_figure) {
                let (count, bytes) = if column.unit.is_some() { (0, value) } else { (value, 0) };
                census.rows.push(LedgerEntry::new(at.clone(), &column.name, count, bytes));
            }
            census
        })
    }
}

impl SeriesColumn {
    fn new(name: &str, at: usize, file: &str) -> Self {
        let name = name.trim().trim_matches('"');
        let lower = name.to_lowercase();
        let own_name = match (name, at) {
            ("", 0) => file.to_owned(),
            ("", at) => format!("column {}", at + 1),
            (name, _) => name.to_owned(),
        };
        let is_time = lower.starts_with("time") || TIMES.contains(&&*lower);
        Self { name: own_name, unit: unit(&lower), is_time, is_named: !name.is_empty() }
    }

    /// The value, in bytes if it has a unit; of plain numbers the whole part.
    fn value(&self, cell: &str) -> Option<u64> {
        // `48133 kB` has its unit beside it; the name of the column has it, too, or it is none.
        let cell = cell.trim_matches('"').split(' ').next().unwrap_or_default();
        let (whole, part) = cell.split_once('.').unwrap_or((cell, "0"));
        let (whole, digits) = (fields::decimal(whole)?, fields::decimal(part)?);
        let Some(unit) = self.unit else { return Some(whole) };
        let scale = 10u64.checked_pow(u32::try_from(part.len()).ok()?)?;
        let rest = digits.checked_mul(unit).map_or(0, |units| units / scale);
        whole.checked_mul(unit)?.checked_add(rest)
    }
}

/// The unit in the name of a column: `rss_kb`, `rss (KiB)`, `heap bytes`.
pub(super) fn unit(name: &str) -> Option<u64> {
    const UNITS: [(&str, u64); 11] = [
        ("kb", 1 << 10),
        ("kib", 1 << 10),
        ("k", 1 << 10),
        ("mb", 1 << 20),
        ("mib", 1 << 20),
        ("gb", 1 << 30),
        ("gib", 1 << 30),
        ("bytes", 1),
        ("b", 1),
        ("pages", 4096),
        ("byte", 1),
    ];
    let words: Vec<_> =
        name.split(|sign: char| !sign.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let last = words.last().filter(|_| words.len() > 1)?;
    UNITS.iter().find(|(unit, _)| unit == last).map(|(_, bytes)| *bytes)
}

fn separator(text: &str) -> Option<char> {
    [',', ';', '\t', ' '].into_iter().find(|separator| text.contains(*separator))
}

fn cells(text: &str, separator: Option<char>) -> Vec<&str> {
    match separator {
        None => vec![text],
        Some(' ') => text.split_whitespace().collect(),
        Some(separator) => text.split(separator).map(str::trim).collect(),
    }
}

/// A few words with a letter in front, and no sentence.
fn is_column_name(cell: &str) -> bool {
    let cell = cell.trim_matches('"');
    let starts =
        cell.starts_with(|first: char| first.is_alphabetic() || first == '#' || first == '_');
    starts && cell.len() <= 48 && cell.split(' ').count() <= 3 && !cell.contains([':', '/', '='])
}

/// A date or a time of day.
fn is_time(cell: &str) -> bool {
    let cell = cell.trim_matches('"');
    let is_part = |sign: char| sign.is_ascii_digit() || "-:./ TZ+".contains(sign);
    cell.starts_with(|first: char| first.is_ascii_digit())
        && cell.contains([':', '-'])
        && cell.chars().all(is_part)
}

#[cfg(test)]
mod tests {
    use crate::{model::LedgerKind, parse::ledgers::LedgerReader};

    fn values(text: &str) -> Vec<Vec<(String, u64)>> {
        let mut reader = LedgerReader::new("figures");
        text.lines().for_each(|line| reader.line(line.as_bytes()));
        let world = reader.finish();
        let row =
            |row: &crate::model::LedgerEntry| (row.name.to_string(), row.count.max(row.bytes));
        world
            .snapshots(LedgerKind::Series)
            .map(|census| census.rows.iter().map(row).collect())
            .collect()
    }

    #[test]
    fn columns_have_names_and_units() {
        let rows = values(
            "time;rss_kb;fds\n2026-03-03 10:15:00;2;7\n2026-03-03 10:16:00;3.5;8\n1;4;9\n2;5;10\n",
        );
        assert_eq!(rows.len(), 4);
        assert_eq!(rows[1], [("rss_kb".to_owned(), 3584), ("fds".to_owned(), 8)]);
    }

    #[test]
    fn columns_without_names_may_be_clocks() {
        for text in
            ["1772532900 7\n1772532961 8\n1772533020 9\n1772533080 9\n", "1,7\n2,8\n3,9\n4,9\n"]
        {
            assert_eq!(values(text)[0], [("column 2".to_owned(), 7)], "{text}");
        }
        assert_eq!(values("rss_kb\n7\n8\n9\n9\n")[3], [("rss_kb".to_owned(), 9 << 10)]);
        assert_eq!(values("2026-03-03 10:15:00 5\n2026-03-03 10:16:00 6\n2026-03-03 10:17:00 7\n2026-03-03 10:18:00 7\n").len(), 4);
    }

    #[test]
    fn a_number_in_a_text_is_no_series() {
        assert_eq!(values("1\n2\n3\n4\n").len(), 4);
        assert!(values("1\n2\n3\n").is_empty());
        assert!(values("Hello\n1\n2\nthe end\n").is_empty());
        assert!(values("7\nMemory is full\n8\n9\n10\n").is_empty());
        assert!(values("timerss_kb\n1,2\n2,3\n3,4\n4,5\n").is_empty());
        assert!(values("time,date\n1,2\n2,3\n3,4\n4,5\n").is_empty());
        assert!(values("Hello, world\n1,2\n3,4\nthe end\n").is_empty());
    }
}
