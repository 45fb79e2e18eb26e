//! What is there and what is not.

use std::io::{self, Write};

use serde::Serialize;

use crate::diagnose::{Check, Diagnosis, State};

#[derive(Serialize)]
struct Document<'d> {
    can_observe: bool,
    checks: Vec<Entry<'d>>,
}

#[derive(Serialize)]
struct Entry<'d> {
    name: &'d str,
    brings: &'d str,
    state: &'static str,
    detail: &'d str,
    remedy: Option<&'d str>,
}

/// Writes a diagnosis.
pub(crate) fn write(diagnosis: &Diagnosis, out: &mut dyn Write) -> io::Result<()> {
    let checks = diagnosis.checks.iter().map(entry).collect();
    let document = Document { can_observe: diagnosis.can_observe, checks };
    super::write("doctor", &document, out)
}

fn entry(check: &Check) -> Entry<'_> {
    let state = match check.state {
        State::Present => "present",
        State::Missing => "missing",
        State::Unknown => "unknown",
    };
    let Check { name, brings, detail, .. } = check;
    Entry { name, brings, state, detail, remedy: check.remedy.as_deref() }
}
