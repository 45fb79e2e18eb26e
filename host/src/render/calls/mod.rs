//! A log of the client calls of processes.

mod line;

use std::io::Write;

use anyhow::Result;
use teeleak_analysis::{
    model::{Call, ClientSource, Clients, SourceLocation},
    parse::capture::{ClientCallReader, Damage},
    text::number,
};
use teeleak_proto::frame::FrameKind;

use crate::{
    capture::CaptureWriter,
    render::{
        labels,
        text::{TextLayout, TextPage},
    },
    source::{Sink, live::monotonic_ns},
};

/// How long calls are held back to sort them with those of other processes.
const HELD_NS: u64 = 100_000_000;

/// Output options.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Style {
    /// Print JSON, one object per line.
    pub(crate) json: bool,
    /// Print calls while they are recorded.
    pub(crate) follow: bool,
    /// Layout of text.
    pub(crate) layout: TextLayout,
}

/// Prints the calls of frames and, optionally, saves the frames to a file.
pub(crate) struct Log<'e> {
    style: Style,
    file: Option<CaptureWriter>,
    out: &'e mut dyn Write,
    reader: ClientCallReader,
    held: Vec<Call>,
    /// Time of the first printed call; printed times are relative to it.
    zero_ns: Option<u64>,
    frames: u64,
    printed: u64,
    rejected: u64,
}

impl<'e> Log<'e> {
    pub(crate) fn new(style: Style, file: Option<CaptureWriter>, out: &'e mut dyn Write) -> Self {
        Self {
            style,
            file,
            out,
            reader: ClientCallReader::default(),
            held: Vec::new(),
            zero_ns: None,
            frames: 0,
            printed: 0,
            rejected: 0,
        }
    }

    /// Prints the remaining calls and the summary; returns the number of calls.
    pub(crate) fn finish(mut self) -> Result<u64> {
        if let Some(file) = &mut self.file {
            file.sync()?;
        }
        self.print_until(u64::MAX)?;
        let clients = std::mem::take(&mut self.reader).finish();
        if !self.style.json {
            self.sum(&clients)?;
        }
        Ok(self.printed)
    }

    /// Counts unreadable parts of the recording.
    pub(crate) fn reject(&mut self, pieces: u64) {
        self.rejected += pieces;
    }

    fn print_until(&mut self, end_ns: u64) -> Result<()> {
        self.held.append(&mut self.reader.take_calls());
        // By end time: a call is recorded when it returns.
        self.held.sort_by_key(|call| (call.monotonic.1, call.monotonic.0));
        let n = self.held.partition_point(|call| call.monotonic.1 < end_ns);
        for call in self.held.drain(..n) {
            let zero = *self.zero_ns.get_or_insert(call.monotonic.0);
            if self.style.json {
                line::json(&call, self.out)?;
            } else {
                line::text(&call, zero, &mut TextPage::new(self.out, self.style.layout))?;
            }
            self.printed += 1;
        }
        Ok(())
    }

    fn sum(&mut self, clients: &Clients) -> Result<()> {
        for process in &clients.processes {
            line::process(process, &mut TextPage::new(self.out, self.style.layout))?;
        }
        let calls = number(self.printed);
        let called = clients.processes.iter().filter(|process| process.called).count();
        let idle = number((clients.processes.len() - called) as u64);
        let (called, lost) = (number(called as u64), number(clients.lost));
        write!(self.out, "{calls} calls by {called} processes, {lost} lost; ")?;
        if clients.sources.contains(&ClientSource::Kernel) {
            // Kernel probes do not see processes without calls.
            writeln!(self.out, "from {}", labels::source(ClientSource::Kernel))?;
        } else {
            writeln!(self.out, "{idle} processes made no calls")?;
        }
        if self.rejected > 0 {
            writeln!(self.out, "{} parts of the recording are unreadable", number(self.rejected))?;
        }
        Ok(())
    }

    fn place(&self) -> SourceLocation {
        SourceLocation { source: "trace".into(), at: self.frames }
    }
}

impl Sink for Log<'_> {
    fn frame(&mut self, kind: Option<FrameKind>, payload: &[u8]) -> Result<()> {
        self.frames += 1;
        if let (Some(file), Some(kind)) = (&mut self.file, kind) {
            file.push(kind, payload)?;
        }
        let place = self.place();
        let n_rejected = match kind {
            Some(FrameKind::ClientProcess) => self.reader.process(payload).map(|()| 0),
            Some(FrameKind::ClientCalls) => self.reader.calls(payload, &place),
            Some(FrameKind::KernelTrace) => Ok(self.reader.kernel(payload, &place)),
            _ => Ok(0),
        };
        self.rejected += n_rejected.unwrap_or(1);
        let has_calls = matches!(kind, Some(FrameKind::ClientCalls | FrameKind::KernelTrace));
        if self.style.follow && has_calls {
            self.print_until(monotonic_ns().saturating_sub(HELD_NS))?;
            self.out.flush()?;
        }
        Ok(())
    }

    fn damage(&mut self, _damage: Damage) {
        self.rejected += 1;
    }
}
