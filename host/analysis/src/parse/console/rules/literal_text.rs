//! The text that every match of a pattern contains, and errors of patterns.

use regex_syntax::hir::{Hir, HirKind};

/// The longest run of bytes that every match of `hir` contains.
pub(crate) fn longest_literal(hir: &Hir) -> Vec<u8> {
    match hir.kind() {
        HirKind::Literal(literal) => literal.0.to_vec(),
        HirKind::Capture(capture) => longest_literal(&capture.sub),
        HirKind::Concat(parts) => {
            parts.iter().map(longest_literal).max_by_key(Vec::len).unwrap_or_default()
        }
        HirKind::Repetition(repetition) if repetition.min > 0 => longest_literal(&repetition.sub),
        _ => Vec::new(),
    }
}

/// The longest text that every match of `pattern` contains; may be empty.
pub(crate) fn longest(pattern: &str) -> Vec<u8> {
    let mut parser = regex_syntax::ParserBuilder::new().utf8(false).unicode(false).build();
    parser.parse(pattern).map(|hir| longest_literal(&hir)).unwrap_or_default()
}

/// The reason of a regex error, on one line.
pub(crate) fn reason(error: &regex::Error) -> String {
    let text = error.to_string();
    let last = text.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or(&text);
    format!("not a valid regular expression: {}", last.trim().trim_start_matches("error: "))
}
