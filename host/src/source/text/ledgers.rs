//! Normal-world ledgers among the inputs, read in name order.

use std::io::{ErrorKind, Read};

use anyhow::Result;
use teeleak_analysis::{
    model::NormalWorld,
    parse::{ledgers::LedgerReader, lines::LineSplitter},
};

use super::input::TextInput;

/// Bytes per read, and the longest line: a longer one is split.
const PIECE_BYTES: usize = 1 << 20;

/// Reads ledgers.
///
/// # Errors
/// When one can't be opened or read to its end.
pub(super) fn read(inputs: &[TextInput]) -> Result<NormalWorld> {
    let mut reader = LedgerReader::new("");
    let mut piece = vec![0; PIECE_BYTES];
    for input in inputs {
        reader.source(&input.name());
        let mut text = input.open()?;
        let mut splitter = LineSplitter::new(PIECE_BYTES);
        loop {
            let n = read_some(&mut text, &mut piece)?;
            if n == 0 {
                break;
            }
            splitter.stretches(&piece[..n], |lines| reader.lines(lines));
        }
        if let Some((line, _)) = splitter.end() {
            reader.lines(&line);
        }
    }
    Ok(reader.finish())
}

fn read_some(text: &mut impl Read, into: &mut [u8]) -> std::io::Result<usize> {
    loop {
        match text.read(into) {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            read => return read,
        }
    }
}
