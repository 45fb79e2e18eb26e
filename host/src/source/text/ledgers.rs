//! Normal-world ledgers among the inputs, read in name order.

use std::io::{ErrorKind, Read};

use anyhow::Result;
use teeleak_analysis::{
    model::NormalWorld,
    parse::{
        framing::{Framing, TextUnframer},
        ledgers::{LedgerReader, Tables},
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
pub(super) fn read(inputs: &[TextInput], tables: &Tables) -> Result<NormalWorld> {
    let mut reader = LedgerReader::with_tables("", tables);
    let mut piece = vec![0; PIECE_BYTES];
    for input in inputs {
        reader.source(&input.name());
        let mut text = input.open()?;
        let mut unframer = text.framing.take().map(TextUnframer::new);
        if unframer.is_none() {
            unframer = read_plain(&mut text.reader, &mut piece, &mut reader)?;
        }
        if let Some(unframer) = unframer {
            read_unframed(unframer, &mut text.reader, &mut piece, &mut reader)?;
        }
    }
    Ok(reader.finish())
}

/// Reads a text up to its end, or to where a frame begins: then the rest is to be read by the unframer.
fn read_plain(
    text: &mut impl Read,
    piece: &mut [u8],
    reader: &mut LedgerReader,
) -> std::io::Result<Option<TextUnframer>> {
    let mut splitter = LineSplitter::new(PIECE_BYTES);
    loop {
        let n = read_some(text, piece)?;
        let framing = Framing::begin_in(&piece[..n]);
        if n > 0 && framing.is_none() {
            splitter.stretches(&piece[..n], |lines| reader.lines(lines));
            continue;
        }
        let rest = splitter.end().map(|(line, _)| line).unwrap_or_default();
        let Some(framing) = framing else {
            reader.lines(&rest);
            return Ok(None);
        };
        let mut unframer = TextUnframer::new(framing);
        unframer
            .push(&[&rest, &piece[..n]].concat(), |line, lines| reader.unframed_line(line, lines));
        return Ok(Some(unframer));
    }
}

fn read_unframed(
    mut unframer: TextUnframer,
    text: &mut impl Read,
    piece: &mut [u8],
    reader: &mut LedgerReader,
) -> std::io::Result<()> {
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
