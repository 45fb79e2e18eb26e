//! Callers, results and source locations as short text.

use teeleak_analysis::model::{Event, SourceLocation, StepResult};

/// The caller: a process if known, else the session's client as seen by the TEE.
pub(crate) fn party(event: &Event) -> String {
    match (&event.by, event.session, event.opener) {
        (Some(by), ..) => by.to_string(),
        (None, Some(session), 0) => format!("normal world, session {session}"),
        (None, None, 0) if event.instance == 0 => "normal world".to_owned(),
        (None, None, _) => format!("TA instance {}", event.instance),
        (None, Some(session), opener) => format!("TA instance {opener}, session {session}"),
    }
}

/// Result of a call by name.
pub(crate) fn result(event: &Event) -> String {
    event.result.as_ref().map_or_else(|| "unknown".to_owned(), ToString::to_string)
}

/// As [`result`], for a drawing.
pub(crate) fn short_result(event: &Event) -> String {
    event.result.as_ref().map_or_else(|| "unknown".to_owned(), StepResult::short)
}

/// File name and line, without directories.
pub(crate) fn short_place(place: &SourceLocation) -> String {
    let file = place.source.rsplit('/').next().unwrap_or(&place.source);
    format!("{file}:{}", place.at)
}

/// Truncates text to a number of characters, with an ellipsis.
pub(crate) fn truncate(text: &str, letters: usize) -> String {
    if text.chars().count() <= letters {
        return text.to_owned();
    }
    text.chars().take(letters.saturating_sub(1)).chain(['…']).collect()
}
