//! What each input is, by its begin: a trace of strace, or text that ledgers of the normal world may stand in.

use std::io::Read as _;

use teeleak_analysis::parse::{ledgers::has_ledgers, strace::looks_like_strace};

use super::input::Input;

/// Bytes of a text that tell what it is.
const BEGIN: usize = 16 << 10;

/// Inputs by what they are.
#[derive(Default)]
pub(super) struct Kinds {
    /// Console text, and what can't be opened, to be told of by whoever reads it.
    pub(super) inputs: Vec<Input>,
    pub(super) traces: Vec<Input>,
    /// Those of `inputs` that have ledgers of the normal world in them.
    pub(super) ledgers: Vec<Input>,
}

/// Tells inputs apart.
pub(super) fn split(inputs: Vec<Input>) -> Kinds {
    let mut kinds = Kinds::default();
    for input in inputs {
        let begin = begin(&input).unwrap_or_default();
        if looks_like_strace(&begin) {
            kinds.traces.push(input);
            continue;
        }
        if has_ledgers(&input.name(), &begin) {
            kinds.ledgers.push(input.clone());
        }
        kinds.inputs.push(input);
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
