//! What is there, line by line, with the way to what is not.

use std::io::{self, Write};

use super::{BAD, DIM, GOOD, HEAD, WARN};
use crate::diagnose::{Check, Diagnosis, State};

/// Writes a diagnosis.
pub(crate) fn write(diagnosis: &Diagnosis, out: &mut dyn Write) -> io::Result<()> {
    if diagnosis.can_observe {
        writeln!(out, "{GOOD}teeleak can observe this TEE{GOOD:#}\n")?;
    } else {
        writeln!(out, "{BAD}teeleak can't observe this TEE{BAD:#}\n")?;
    }
    diagnosis.checks.iter().try_for_each(|check| line(check, out))
}

fn line(check: &Check, out: &mut dyn Write) -> io::Result<()> {
    let (style, mark) = match check.state {
        State::Present => (GOOD, "yes"),
        State::Missing => (BAD, "no"),
        State::Unknown => (WARN, "?"),
    };
    let Check { name, brings, detail, .. } = check;
    writeln!(out, "{style}{mark:<4}{style:#}{HEAD}{name:<15}{HEAD:#} {brings}: {detail}")?;
    match &check.remedy {
        Some(remedy) => writeln!(out, "    {DIM}{:<15} {remedy}{DIM:#}", "to have it:"),
        None => Ok(()),
    }
}
