//! Mistakes in files that users write: protocols, rules, suppressions, notes.

use std::{error::Error, fmt, ops::Range, sync::Arc};

/// A mistake in a file, with its position and a hint.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Mistake {
    /// Name of the file.
    pub source: Arc<str>,
    /// Byte range in the file.
    pub span: Range<usize>,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// The error message.
    pub message: String,
    /// How to fix it.
    pub hint: Option<String>,
}

impl Mistake {
    /// A mistake in `text` at `span`.
    #[must_use]
    pub fn new(
        (source, text): (&str, &str),
        span: Range<usize>,
        message: impl Into<String>,
        hint: Option<String>,
    ) -> Self {
        let head = text.get(..floor(text, span.start)).unwrap_or_default();
        let line_start = head.rfind('\n').map_or(0, |at| at + 1);
        Self {
            source: source.into(),
            line: head.matches('\n').count() + 1,
            column: head.get(line_start..).unwrap_or_default().chars().count() + 1,
            message: message.into(),
            hint,
            span,
        }
    }
}

/// The last character boundary at or before `at`.
fn floor(text: &str, at: usize) -> usize {
    (0..=at.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}

/// `file:line:column: message`.
impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { source, line, column, message, .. } = self;
        write!(f, "{source}:{line}:{column}: {message}")
    }
}

impl Error for Mistake {}

/// "did you mean …?", or the list of valid names.
#[must_use]
pub fn suggest<'a>(wrong: &str, known: impl Iterator<Item = &'a str> + Clone) -> Option<String> {
    let close = known
        .clone()
        .map(|name| (strsim::damerau_levenshtein(wrong, name), name))
        .filter(|(distance, name)| *distance <= 1 + name.len() / 4)
        .min();
    if let Some((_, name)) = close {
        return Some(format!("did you mean `{name}`?"));
    }
    let names: Vec<_> = known.map(|name| format!("`{name}`")).collect();
    (!names.is_empty()).then(|| format!("expected {}", names.join(", ")))
}
