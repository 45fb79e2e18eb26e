//! A file that its user calls a series: a line that does not fit is a mistake.

use super::series::OpenSeries;
use crate::{
    model::{Accounting, NormalWorld, SourceLocation},
    text,
};

/// Reads one file, line by line.
pub struct SeriesFile {
    place: SourceLocation,
    open: Option<OpenSeries>,
}

impl SeriesFile {
    /// A file of this name.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self { place: SourceLocation { source: name.into(), at: 0 }, open: None }
    }

    /// Reads a line: names of columns in the first one, or figures. Blank ones and comments are skipped.
    ///
    /// # Errors
    /// If it does not fit those before it.
    pub fn line(&mut self, line: &[u8]) -> Result<(), String> {
        self.place.at += 1;
        let line = String::from_utf8_lossy(line);
        let text = line.trim().trim_start_matches('\u{feff}');
        let is_named = self.open.is_some();
        if text.is_empty() || is_named && text.starts_with('#') {
            return Ok(());
        }
        let Some(open) = &mut self.open else {
            let file = self.place.source.rsplit('/').next().unwrap_or_default();
            let head = || OpenSeries::new(text, &self.place, file, true);
            let begun = OpenSeries::begin(text, &self.place, file);
            self.open = Some(begun.unwrap_or_else(head));
            return Ok(());
        };
        if open.push(text, &self.place) {
            return Ok(());
        }
        Err(format!("line {}: {}", text::number(self.place.at), open.mistake(text)))
    }

    /// What was read.
    ///
    /// # Errors
    /// If no line had figures.
    pub fn finish(self) -> Result<NormalWorld, String> {
        let read = self.place.at;
        let open = self.open.filter(|open| !open.is_empty() && open.has_figures());
        let open = open.ok_or_else(|| {
            format!("expected lines of figures, found none in {}", text::count(read, "line"))
        })?;
        let accounting = Accounting { read, parsed: read, ..Default::default() };
        Ok(NormalWorld { censuses: open.censuses().collect(), accounting, ..Default::default() })
    }
}

#[cfg(test)]
mod tests {
    use crate::parse::ledgers::series_file::*;

    fn read(text: &str) -> Result<NormalWorld, String> {
        let mut file = SeriesFile::new("logs/heap.dat");
        text.lines().try_for_each(|line| file.line(line.as_bytes()))?;
        file.finish()
    }

    #[test]
    fn any_head_names_its_columns() {
        let world = read("when used: heap_kb\n10:00:00 1 5\n10:00:10 2 6\n").unwrap();
        assert_eq!(world.censuses.len(), 2);
        let rows = &world.censuses[1].rows;
        assert_eq!((&*rows[0].name, rows[0].count), ("used:", 2));
        assert_eq!((&*rows[1].name, rows[1].bytes), ("heap_kb", 6 << 10));
        assert_eq!(&*read("5\n").unwrap().censuses[0].rows[0].name, "heap.dat");
    }

    #[test]
    fn what_does_not_fit_is_a_mistake() {
        for (text, mistake) in [
            ("time,kb\n1,2\n1\n", "line 3: expected 2 columns as in the first line, found 1"),
            ("a,used\n1,x y\n", "line 2: expected a number in column \"used\", found \"x y\""),
            ("a,used\n\n# note\n", "expected lines of figures, found none in 3 lines"),
            ("time,date\n1,2\n", "expected lines of figures, found none in 2 lines"),
            ("", "expected lines of figures, found none in 0 lines"),
        ] {
            assert_eq!(read(text).unwrap_err(), mistake, "{text}");
        }
    }
}
