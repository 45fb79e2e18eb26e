//! Findings as continuous integration wants them: test cases, code scanning, annotations, Markdown.
//!
//! The same observation and report give the same bytes: nothing of the time or the machine is in them.

pub(crate) mod github;
pub(crate) mod junit;
pub(crate) mod markdown;
pub(crate) mod sarif;

use teeleak_analysis::{audit::Report, model::Subject};

/// All doubts in a line.
fn doubts(report: &Report) -> String {
    report.doubts.join("; ")
}

/// File and line in OP-TEE's source, of what is about an allocation site.
fn place(subject: &Subject) -> Option<(&str, u32)> {
    match subject {
        // Logs of old releases have lines of 0 where the rest of them is.
        Subject::Site { file, line, .. } => Some((file, (*line).max(1))),
        _ => None,
    }
}
