//! Callers, results and source locations as short text.

use teeleak_analysis::model::{Event, Place, TeeResult};

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
    match event.result {
        None => "unknown".to_owned(),
        Some(0) => "ok".to_owned(),
        Some(result) => TeeResult(result).to_string(),
    }
}

/// As [`result`], for a drawing.
pub(crate) fn short_result(event: &Event) -> String {
    match event.result {
        Some(code @ 1..) => TeeResult(code).short_name().into_owned(),
        _ => result(event),
    }
}

/// Whether the call failed; false if its result is unknown.
pub(crate) fn is_failure(event: &Event) -> bool {
    event.result.is_some_and(|result| result != 0)
}

/// File name and line, without directories.
pub(crate) fn short_place(place: &Place) -> String {
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
