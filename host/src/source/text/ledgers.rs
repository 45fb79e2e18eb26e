//! Normal-world ledgers among the inputs, read in name order.

use std::io::{ErrorKind, Read};

use anyhow::Result;
use teeleak_analysis::{
    model::NormalWorld,
    parse::{
        framing::{Framing, Unframer},
        ledgers::LedgerReader,
        lines::LineSplitter,
    },
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
        match text.framing.take() {
            Some(framing) => read_unframed(framing, &mut text.reader, &mut piece, &mut reader)?,
            None => read_plain(&mut text.reader, &mut piece, &mut reader)?,
        }
    }
    Ok(reader.finish())
}

fn read_plain(
    text: &mut impl Read,
    piece: &mut [u8],
    reader: &mut LedgerReader,
) -> std::io::Result<()> {
    let mut splitter = LineSplitter::new(PIECE_BYTES);
    loop {
        let n = read_some(text, piece)?;
        if n == 0 {
            break;
        }
        splitter.stretches(&piece[..n], |lines| reader.lines(lines));
    }
    if let Some((line, _)) = splitter.end() {
        reader.lines(&line);
    }
    Ok(())
}

fn read_unframed(
    framing: Framing,
    text: &mut impl Read,
    piece: &mut [u8],
    reader: &mut LedgerReader,
) -> std::io::Result<()> {
    let mut unframer = Unframer::new(framing);
    loop {
        let n = read_some(text, piece)?;
        if n == 0 {
            break;
        }
        unframer.push(&piece[..n], |line, lines| reader.unframed_line(line, lines));
    }
    unframer.end(|line, lines| reader.unframed_line(line, lines));
    Ok(())
}

fn read_some(text: &mut impl Read, into: &mut [u8]) -> std::io::Result<usize> {
    loop {
        match text.read(into) {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            read => return read,
        }
    }
}
