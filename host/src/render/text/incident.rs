//! Incidents: panics, aborts and failed allocations of the secure world.

use std::io;

use teeleak_analysis::{
    model::{Frame, Function, Incident},
    text,
};

use super::{TextLine, TextPage};

/// Incidents shown; the others are only counted.
const SHOWN_MAX: usize = 10;

/// Frames of a call stack shown without `-v`.
const FRAMES: usize = 4;

/// Writes incidents with their call stacks.
pub(crate) fn write(incidents: &[Incident], page: &mut TextPage<'_>) -> io::Result<()> {
    if incidents.is_empty() {
        return Ok(());
    }
    page.heading("incidents")?;
    for incident in incidents.iter().take(SHOWN_MAX) {
        write_incident(incident, page)?;
    }
    match incidents.len().saturating_sub(SHOWN_MAX) {
        0 => Ok(()),
        more => page.write_line(
            TextLine::indent(2).text(format_args!("and {} more", text::number(more as u64))),
        ),
    }
}

fn write_incident(incident: &Incident, page: &mut TextPage<'_>) -> io::Result<()> {
    let mut line = TextLine::indent(2).bad(&incident.text);
    if let Some(uuid) = incident.uuid {
        line = line.text(format_args!(", about {uuid}"));
    }
    if let Some(iteration) = incident.iteration {
        line = line.text(format_args!(", in iteration {iteration}"));
    }
    page.write_line(line.dim(format_args!(" ({})", text::place(&incident.place))))?;
    let long = incident.stack.len() > FRAMES && !page.shows_all();
    let n_shown = if long { FRAMES } else { incident.stack.len() };
    incident.stack.iter().take(n_shown).try_for_each(|frame| page.write_line(stack_line(frame)))?;
    match incident.stack.len() - n_shown {
        0 => Ok(()),
        more => page.write_line(
            TextLine::indent(4)
                .dim(format_args!("{} more frames; use -v to show all", text::number(more as u64))),
        ),
    }
}

fn stack_line(frame: &Frame) -> TextLine {
    let mut line = TextLine::indent(4).text(format_args!("{:#x}", frame.address));
    if let Some(offset) = frame.offset {
        line = line.dim(format_args!(" core+{offset:#x}"));
    }
    for (n, function) in frame.functions.iter().enumerate() {
        let separator = if n == 0 { " " } else { ", inlined into " };
        line = line.text(format_args!("{separator}{}", function_text(function)));
    }
    line
}

fn function_text(function: &Function) -> String {
    match &function.at {
        Some((file, line)) => format!("{} ({file}:{line})", function.name),
        None => function.name.to_string(),
    }
}
