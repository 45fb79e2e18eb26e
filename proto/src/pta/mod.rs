//! Mirrors of the definitions in `ta/pta/lib/libutee/include/pta_leak_audit.h`. Structures are read
//! field by field, so alignment and padding don't matter here. A test compares every constant,
//! field name, width and offset with the header's text.

mod constants;
mod layout;
mod rows;

pub use constants::*;
pub use layout::{Field, Layout};
pub use rows::*;

/// The text of a zero-terminated field; bytes after invalid UTF-8 are cut off.
#[must_use]
pub fn text(field: &[u8]) -> &str {
    let end = field.iter().position(|byte| *byte == 0).unwrap_or(field.len());
    let field = &field[..end];
    match core::str::from_utf8(field) {
        Ok(text) => text,
        Err(error) => core::str::from_utf8(&field[..error.valid_up_to()]).unwrap_or_default(),
    }
}
