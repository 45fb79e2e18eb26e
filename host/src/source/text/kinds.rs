//! What each input is, by its begin: a trace of strace, a ledger of the normal world, or console text.

use std::io::Read as _;

use teeleak_analysis::parse::{
    normal::{Looks, looks},
    strace::looks_like_strace,
};

use super::input::Input;

/// Bytes of a text that tell what it is.
const BEGIN: usize = 16 << 10;

/// Inputs by what they are.
#[derive(Default)]
pub(super) struct Kinds {
    /// Console text, and what can't be opened, to be told of by whoever reads it.
    pub(super) inputs: Vec<Input>,
    pub(super) traces: Vec<Input>,
    /// Ledgers of the normal world, and nothing besides.
    pub(super) ledgers: Vec<Input>,
    /// Those of `inputs` that have ledgers of the normal world in them.
    pub(super) logs: Vec<Input>,
}

/// Tells inputs apart.
pub(super) fn split(inputs: Vec<Input>) -> Kinds {
    let mut kinds = Kinds::default();
    for input in inputs {
        let begin = begin(&input).unwrap_or_default();
        match looks(&input.name(), &begin) {
            _ if looks_like_strace(&begin) => kinds.traces.push(input),
            Looks::Ledger => kinds.ledgers.push(input),
            Looks::Log => {
                kinds.logs.push(input.clone());
                kinds.inputs.push(input);
            }
            Looks::Other => kinds.inputs.push(input),
        }
    }
    kinds
}

/// The begin of a file, in whole lines. What standard input begins with can't be put back.
fn begin(input: &Input) -> Option<Vec<u8>> {
    let Input::File(_) = input else { return None };
    let mut begin = Vec::new();
    input.open().ok()?.take(BEGIN as u64).read_to_end(&mut begin).ok()?;
    if begin.len() == BEGIN {
        begin.truncate(memchr::memrchr(b'\n', &begin).unwrap_or(0));
    }
    Some(begin)
}
