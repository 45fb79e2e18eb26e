//! Output formats for continuous integration: JUnit, SARIF, GitHub annotations, Markdown.
//!
//! The same observation and report give the same bytes: no times and no host names.

pub(crate) mod github;
pub(crate) mod junit;
pub(crate) mod markdown;
pub(crate) mod sarif;

use teeleak_analysis::{audit::Report, model::Subject};

/// All doubts on one line.
fn doubts(report: &Report) -> String {
    report.doubts.join("; ")
}

/// File and line in OP-TEE's source, for the subject of an allocation site.
fn place(subject: &Subject) -> Option<(&str, u32)> {
    match subject {
        // Logs of old releases have a line number of 0, which is not valid here.
        Subject::Site { file, line, .. } => Some((file, (*line).max(1))),
        _ => None,
    }
}
