//! Incidents: panics, aborts and failed allocations of the secure world.

use std::io;

use teeleak_analysis::{
    model::{Frame, Incident, IncidentKind, TeeResult},
    text,
};

use super::{TextLine, TextPage};

/// Incidents shown; the others are only counted.
const SHOWN_MAX: usize = 10;

/// Frames of a call stack shown without `-v`.
const FRAMES: usize = 4;

/// Writes incidents with their call stacks.
pub(crate) fn write(incidents: &[&Incident], page: &mut TextPage<'_>) -> io::Result<()> {
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
    page.write_line(first_line(incident))?;
    details(incident)
        .into_iter()
        .try_for_each(|text| page.write_line(TextLine::indent(4).text(text)))?;
    let long = incident.stack.len() > FRAMES && !page.shows_all();
    let n_shown = if long { FRAMES } else { incident.stack.len() };
    let mut frames = incident.stack.iter().take(n_shown);
    frames.try_for_each(|frame| page.write_line(stack_line(incident, frame)))?;
    match incident.stack.len() - n_shown {
        0 => {}
        more => page.write_line(
            TextLine::indent(4)
                .dim(format_args!("{} more frames; use -v to show all", text::number(more as u64))),
        )?,
    }
    match text::incident_next(incident) {
        Some(next) => page.write_line(TextLine::indent(4).dim("next ").text(next)),
        None => Ok(()),
    }
}

/// The message, whose it is, how often and where.
fn first_line(incident: &Incident) -> TextLine {
    let details = &incident.details;
    let mut line = TextLine::indent(2);
    if matches!(incident.kind, IncidentKind::UnknownError) {
        line = line.warn(format_args!("unknown error of the {}: ", details.meaning.component));
    }
    if let Some(by) = &details.printed_by {
        line = line.text(format_args!("{by} "));
    }
    line = line.bad(&incident.text);
    if let Some(uuid) = incident.uuid {
        line = line.text(format_args!(", about {uuid}"));
    }
    if incident.times() > 1 {
        line = line.text(format_args!(", {}", text::times(incident.times())));
    }
    if let Some(iteration) = incident.iteration {
        line = line.text(format_args!(", in iteration {iteration}"));
    }
    line.dim(format_args!(" ({})", places(incident)))
}

/// `log:3, log:8, ... log:20`.
fn places(incident: &Incident) -> String {
    let repeats = &incident.details.repeats;
    let mut places = text::place(&incident.place);
    for (place, _) in &repeats.places {
        places += &format!(", {}", text::place(place));
    }
    let last = repeats.last.as_ref().filter(|last| repeats.places.last() != Some(last));
    if let Some((place, _)) = last {
        places += &format!(", ... {}", text::place(place));
    }
    places
}

/// What else is known, each on a line.
fn details(incident: &Incident) -> Vec<String> {
    let meaning = &incident.details.meaning;
    let mut lines = Vec::new();
    if incident.kind != IncidentKind::UnknownError {
        lines.extend((!meaning.means.is_empty()).then(|| meaning.means.to_string()));
    }
    let code = match incident.kind {
        IncidentKind::TaPanic { code } => Some(TeeResult(code)),
        _ => incident.details.code,
    };
    lines.extend(code.map(|code| format!("result {code}")));
    let resources = text::resources(&meaning.resources);
    if !resources.is_empty() {
        let option = meaning.option.as_deref();
        let option = option.map_or_else(String::new, |option| format!("; what decides: {option}"));
        lines.push(format!("about {resources}{option}"));
    }
    lines.extend(registers(incident));
    lines.extend(incident.details.notes.iter().map(ToString::to_string));
    lines
}

/// Registers of an abort: `pc 0x40088e1c image+0x17e1c`.
fn registers(incident: &Incident) -> Vec<String> {
    let registers = &incident.details.registers;
    let mut lines = Vec::new();
    for (name, value) in [("pc", registers.pc), ("lr", registers.lr)] {
        let Some(value) = value else { continue };
        lines.push(format!("{name} {value:#x}{}", offset(incident, value)));
    }
    if let Some(sp) = registers.sp {
        let place = incident.details.stack_region.map(|(start, size)| {
            if (start..start.saturating_add(size)).contains(&sp) {
                ", within the stack of the TA: it did not overflow"
            } else {
                ", outside the stack of the TA: it may have overflowed"
            }
        });
        lines.push(format!("sp {sp:#x}{}", place.unwrap_or_default()));
    }
    if let Some(cpu) = registers.cpu {
        let status = registers.status.map(|status| format!(", fault status {status:#x}"));
        lines.push(format!("on core {cpu}{}", status.unwrap_or_default()));
    }
    lines
}

/// ` UUID+0x17e1c`, ` core+0xa149`.
fn offset(incident: &Incident, address: u64) -> String {
    let of_core = || Some(("core".to_owned(), address.checked_sub(incident.load_address?)?));
    let of_ta = incident.image_of(address).map(|(uuid, offset)| (uuid.to_string(), offset));
    let command = of_ta.or_else(of_core);
    command.map_or_else(String::new, |(image, offset)| format!(" {image}+{offset:#x}"))
}

fn stack_line(incident: &Incident, frame: &Frame) -> TextLine {
    let mut line = TextLine::indent(4).text(format_args!("{:#x}", frame.address));
    if frame.offset.is_some() {
        line = line.dim(offset(incident, frame.address));
    }
    for (n, function) in frame.functions.iter().enumerate() {
        let separator = if n == 0 { " " } else { ", inlined into " };
        line = line.text(format_args!("{separator}{}", text::function(function)));
    }
    line
}
