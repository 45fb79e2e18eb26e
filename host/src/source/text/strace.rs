//! strace traces among the inputs.
//!
//! A trace contains nothing but strace output. Several traces, as from `strace -ff`, are merged
//! line by line in time order.

use std::{
    io::{BufRead, ErrorKind},
    sync::Arc,
};

use anyhow::Result;
use teeleak_analysis::parse::{
    lines::line_piece,
    strace::{LINE_BYTES, StraceReader, StraceTrace},
};

use super::{input::TextInput, read_failure::ReadFailure, unframed::UnframedText};

/// Reads traces; `None` without inputs.
///
/// # Errors
/// When one can't be opened.
pub(super) fn read(inputs: &[TextInput]) -> Result<Option<StraceTrace>> {
    let Some(first) = inputs.first() else { return Ok(None) };
    let is_single = inputs.len() == 1;
    let open = |input| TraceText::open(input, !is_single);
    let mut traces = inputs.iter().map(open).collect::<Result<Vec<_>>>()?;
    let mut reader = StraceReader::new(&first.name(), first.task());
    let mut current = usize::MAX;
    while let Some(next) = earliest(&traces) {
        let trace = &mut traces[next];
        if current != next {
            reader.source(&trace.name, trace.lines, trace.task);
            current = next;
        }
        reader.line(&trace.line);
        trace.lines += 1;
        if let Err(error) = trace.advance() {
            let ReadFailure { text, reason } = error.into();
            reader.note_unreadable(&format!("the remainder of {}: {text}", trace.name), reason);
        }
    }
    Ok(Some(reader.finish()))
}

/// Index of the trace with the earliest next line; the first one on a tie.
fn earliest(traces: &[TraceText]) -> Option<usize> {
    let open_traces = traces.iter().enumerate().filter(|(_, trace)| !trace.ended);
    open_traces.min_by_key(|(_, trace)| trace.time).map(|(n, _)| n)
}

/// A trace and its next line.
struct TraceText {
    name: Arc<str>,
    task: Option<u32>,
    text: Box<dyn BufRead + Send>,
    line: Vec<u8>,
    /// Lines before that one.
    lines: u64,
    /// Whether lines are ordered by time.
    timed: bool,
    time: u64,
    ended: bool,
}

impl TraceText {
    fn open(input: &TextInput, timed: bool) -> Result<Self> {
        let mut trace = Self {
            name: input.name(),
            task: input.task(),
            text: open_unframed(input)?,
            line: Vec::new(),
            lines: 0,
            timed,
            time: 0,
            ended: false,
        };
        trace.advance()?;
        Ok(trace)
    }

    fn advance(&mut self) -> std::io::Result<()> {
        self.line.clear();
        // A read error ends the trace.
        self.ended = true;
        read_line(&mut self.text, &mut self.line)?;
        self.ended = self.line.is_empty();
        if self.timed {
            self.time = StraceReader::time_of(&self.line).unwrap_or(self.time);
        }
        Ok(())
    }
}

/// Opens a trace, without what is around its lines.
fn open_unframed(input: &TextInput) -> Result<Box<dyn BufRead + Send>> {
    let text = input.open()?;
    Ok(Box::new(UnframedText::new(text.reader, text.framing)))
}

/// Appends the remainder of a line, up to [`LINE_BYTES`]; a longer line is split. Faster than
/// `read_until` of the standard library, which searches byte by byte.
fn read_line(text: &mut dyn BufRead, line: &mut Vec<u8>) -> std::io::Result<()> {
    while line.len() < LINE_BYTES {
        let buffer = match text.fill_buf() {
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            there => there?,
        };
        let (bytes, is_over) = line_piece(buffer, LINE_BYTES - line.len());
        line.extend_from_slice(&buffer[..bytes]);
        text.consume(bytes);
        if bytes == 0 || is_over {
            break;
        }
    }
    Ok(())
}
