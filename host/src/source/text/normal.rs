//! Ledgers of the normal world among the inputs, one after another in the order of their names.

use std::io::{ErrorKind, Read};

use anyhow::Result;
use teeleak_analysis::{model::NormalWorld, parse::ledgers::Reader};

use super::input::Input;

/// Bytes that are read at once, and longest line: the rest of a longer one is taken for another.
const PIECE: usize = 1 << 20;

/// Reads ledgers.
///
/// # Errors
/// When one can't be opened, or not read to its end.
pub(super) fn read(inputs: &[Input]) -> Result<NormalWorld> {
    let mut reader = Reader::new("");
    let mut piece = Vec::new();
    for input in inputs {
        reader.source(&input.name());
        let mut text = input.open()?;
        piece.resize(PIECE, 0);
        let mut begun = 0;
        loop {
            let n = read_some(&mut text, &mut piece[begun..])?;
            let all = begun + n;
            let whole = memchr::memrchr(b'\n', &piece[..all]).map_or(0, |end| end + 1);
            let whole = if n == 0 || whole == 0 && all == PIECE { all } else { whole };
            reader.lines(&piece[..whole]);
            if n == 0 {
                break;
            }
            piece.copy_within(whole..all, 0);
            begun = all - whole;
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
