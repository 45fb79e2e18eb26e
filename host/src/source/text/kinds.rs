//! Detects the type of each input from its first lines: an strace trace, or text that may contain
//! normal-world ledgers.

use std::io::Read;

use teeleak_analysis::parse::{
    ledgers::{Tables, has_tables},
    strace::looks_like_strace,
};

use super::{input::TextInput, unframed::UnframedText};

/// Bytes at the start of a text that identify its type.
const BEGIN: usize = 16 << 10;

/// Inputs by type.
#[derive(Default)]
pub(super) struct Kinds {
    /// Console text, and inputs that can't be opened: their reader reports the error.
    pub(super) inputs: Vec<TextInput>,
    pub(super) traces: Vec<TextInput>,
    /// The `inputs` that contain normal-world ledgers.
    pub(super) ledgers: Vec<TextInput>,
}

/// Sorts inputs by type.
pub(super) fn split(inputs: Vec<TextInput>, tables: &Tables) -> Kinds {
    let mut kinds = Kinds::default();
    for input in inputs {
        let begin = begin(&input).unwrap_or_default();
        if looks_like_strace(&begin) {
            kinds.traces.push(input);
            continue;
        }
        if has_tables(&input.name(), &begin, tables) {
            kinds.ledgers.push(input.clone());
        }
        kinds.inputs.push(input);
    }
    kinds
}

/// The first whole lines of a file; `None` for a pipe, which can't be rewound.
fn begin(input: &TextInput) -> Option<Vec<u8>> {
    if !input.has_start() {
        return None;
    }
    let mut begin = Vec::new();
    let text = input.open().ok()?;
    let reader = UnframedText::new(text.reader, text.framing);
    reader.take(BEGIN as u64).read_to_end(&mut begin).ok()?;
    if begin.len() == BEGIN {
        begin.truncate(memchr::memrchr(b'\n', &begin).unwrap_or(0));
    }
    Some(begin)
}
