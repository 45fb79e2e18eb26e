//! Ledgers of the normal world among the inputs, one after another in the order of their names.

use std::io::{BufRead as _, BufReader, Read as _};

use anyhow::Result;
use teeleak_analysis::{model::NormalWorld, parse::normal::Reader};

use super::input::Input;

/// Longest line, in bytes; the rest of a longer one is taken for another.
const LINE: u64 = 1 << 20;

/// Reads ledgers.
///
/// # Errors
/// When one can't be opened, or not read to its end.
pub(super) fn read(inputs: &[Input]) -> Result<NormalWorld> {
    let mut reader = Reader::new("");
    let mut line = Vec::new();
    for input in inputs {
        reader.source(&input.name());
        let mut text = BufReader::new(input.open()?);
        loop {
            line.clear();
            if text.by_ref().take(LINE).read_until(b'\n', &mut line)? == 0 {
                break;
            }
            reader.line(&line);
        }
    }
    Ok(reader.finish())
}
