//! Messages that only the catalogue knows, and errors that it does not know.

use super::{fact::ConsoleFact, registers};
use crate::{
    catalogue::{Catalogue, LineSource, MessageHit, short},
    parse::console::lines::{
        bytes::lossy,
        prefix::{LineHead, LineImage},
    },
};

/// What the catalogue says about the message of a line.
pub(crate) fn find(catalogue: &Catalogue, head: &LineHead<'_>) -> Option<Box<MessageHit>> {
    let mut message_hit = catalogue.find(source(head.image), head.message)?;
    message_hit.printed_by = printed_by(head);
    Some(Box::new(message_hit))
}

/// Reads a message that no parser knows.
pub(crate) fn read(catalogue: &Catalogue, line: &[u8], head: &LineHead<'_>) -> Option<ConsoleFact> {
    let message = head.message.trim_ascii();
    if let Some(hit) = find(catalogue, head) {
        return Some(ConsoleFact::Message(hit));
    }
    if is_blank(message) || !is_error(line, head) {
        return None;
    }
    if let (LineImage::Core, Some(registers)) = (head.image, registers::read(message)) {
        return Some(ConsoleFact::Registers(Box::new(registers)));
    }
    Some(ConsoleFact::UnknownError(lossy(short(message)), printed_by(head)))
}

/// Reads the message of a line without a trace prefix.
pub(crate) fn read_untagged(catalogue: &Catalogue, message: &[u8]) -> Option<ConsoleFact> {
    let message_hit = catalogue.find(LineSource::Normal, message)?;
    Some(ConsoleFact::Message(Box::new(message_hit)))
}

const fn source(image: LineImage) -> LineSource {
    match image {
        LineImage::Core => LineSource::Core,
        LineImage::Ldelf => LineSource::Ldelf,
        LineImage::Ta => LineSource::Ta,
    }
}

/// Whether there is no message: where an empty one is trimmed, an id is left.
fn is_blank(message: &[u8]) -> bool {
    message.iter().all(|byte| byte.is_ascii_digit() || matches!(byte, b'?' | b' '))
}

/// Whether the line has the level of errors.
fn is_error(line: &[u8], head: &LineHead<'_>) -> bool {
    match line.get(head.left.len()..) {
        Some([b'E', b'/', ..]) => true,
        // Up to 2.6 the level is a word to the left of the tag.
        Some([b'T' | b'U', ..]) => memchr::memmem::find(head.left, b"ERR").is_some(),
        _ => false,
    }
}

fn printed_by(head: &LineHead<'_>) -> Option<Box<str>> {
    let function = lossy(short(head.function));
    (!head.function.is_empty()).then(|| format!("{function}:{}", head.source_line).into())
}
