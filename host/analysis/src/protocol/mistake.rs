//! Mistakes in a file that somebody wrote: a protocol, suppressions, notes.

use std::{error::Error, fmt, ops::Range, sync::Arc};

/// A mistake in a file, with its place and a hint.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Mistake {
    /// Name of the file.
    pub source: Arc<str>,
    /// Bytes of the file that it is about.
    pub span: Range<usize>,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// What is wrong.
    pub message: String,
    /// What to write instead.
    pub hint: Option<String>,
    /// The line itself.
    excerpt: String,
    /// Characters of it to be underlined.
    width: usize,
}

impl Mistake {
    /// A mistake in `text` at `span`.
    pub(crate) fn new(
        (source, text): (&str, &str),
        span: Range<usize>,
        message: impl Into<String>,
        hint: Option<String>,
    ) -> Self {
        let start = floor(text, span.start);
        let before = text.get(..start).unwrap_or_default();
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        let excerpt =
            text.get(line_start..).and_then(|rest| rest.lines().next()).unwrap_or_default();
        let column = text.get(line_start..start).unwrap_or_default().chars().count() + 1;
        let line_end = line_start + excerpt.len();
        let marked = text.get(start..floor(text, span.end.min(line_end))).unwrap_or_default();
        Self {
            source: source.into(),
            line: before.matches('\n').count() + 1,
            column,
            message: message.into(),
            hint,
            excerpt: excerpt.to_owned(),
            width: marked.chars().count().max(1),
            span,
        }
    }
}

/// The last character boundary at or before `at`.
fn floor(text: &str, at: usize) -> usize {
    (0..=at.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}

/// `file:line:column: what`, the line with the place underlined, and the hint.
impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { source, line, column, message, .. } = self;
        writeln!(f, "{source}:{line}:{column}: {message}")?;
        let margin = line.to_string();
        writeln!(f, "  {margin} | {}", self.excerpt)?;
        write!(f, "  {:1$} | ", "", margin.len())?;
        write!(f, "{:1$}{2:^<3$}", "", column - 1, "", self.width)?;
        match &self.hint {
            Some(hint) => write!(f, "\n  hint: {hint}"),
            None => Ok(()),
        }
    }
}

impl Error for Mistake {}

/// "did you mean …", or what there is to choose from.
pub(super) fn suggest<'a>(
    wrong: &str,
    known: impl Iterator<Item = &'a str> + Clone,
) -> Option<String> {
    let close = known
        .clone()
        .map(|name| (strsim::damerau_levenshtein(wrong, name), name))
        .filter(|(distance, name)| *distance <= 1 + name.len() / 4)
        .min();
    if let Some((_, name)) = close {
        return Some(format!("did you mean `{name}`?"));
    }
    let all: Vec<_> = known.map(|name| format!("`{name}`")).collect();
    (!all.is_empty()).then(|| format!("there is {}", all.join(", ")))
}
