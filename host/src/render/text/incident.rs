//! What went wrong in the secure world and left a trace of its own.

use std::io::{self, Write};

use teeleak_analysis::model::{Frame, Function, Incident};

use super::{BAD, DIM, HEAD};

/// Incidents that are told in full; the others are only counted.
const TOLD: usize = 10;

/// Writes incidents with their call stacks.
pub(crate) fn write(incidents: &[Incident], out: &mut dyn Write) -> io::Result<()> {
    if incidents.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n{HEAD}incidents{HEAD:#}")?;
    for incident in incidents.iter().take(TOLD) {
        one(incident, out)?;
    }
    match incidents.len().saturating_sub(TOLD) {
        0 => Ok(()),
        more => writeln!(out, "  and {more} more"),
    }
}

fn one(incident: &Incident, out: &mut dyn Write) -> io::Result<()> {
    let place = &incident.place;
    write!(out, "  {BAD}{}{BAD:#}", incident.text)?;
    if let Some(uuid) = incident.uuid {
        write!(out, ", about {uuid}")?;
    }
    if let Some(iteration) = incident.iteration {
        write!(out, ", in iteration {iteration}")?;
    }
    writeln!(out, " {DIM}({}:{}){DIM:#}", place.source, place.at)?;
    incident.stack.iter().try_for_each(|frame| stack_line(frame, out))
}

fn stack_line(frame: &Frame, out: &mut dyn Write) -> io::Result<()> {
    write!(out, "    {:#x}", frame.address)?;
    if let Some(offset) = frame.offset {
        write!(out, " {DIM}core+{offset:#x}{DIM:#}")?;
    }
    for (n, function) in frame.functions.iter().enumerate() {
        write!(out, "{}{}", if n == 0 { " " } else { ", inlined into " }, named(function))?;
    }
    writeln!(out)
}

fn named(function: &Function) -> String {
    match &function.at {
        Some((file, line)) => format!("{} ({file}:{line})", function.name),
        None => function.name.to_string(),
    }
}
