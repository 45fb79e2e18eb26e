//! The live source on an OP-TEE without our PTA: its statistics PTA, queried from the normal world,
//! and its console output.
//!
//! ```text
//! counters of the pools · (heaps of the TAs) · mark, dump, mark ── console ──> text · end of the dump
//! ```
//!
//! Everything is passed on unchanged; [`teeleak_analysis::parse::capture`] parses it. Stock OP-TEE
//! has no epochs, owners or regions, and does not list TA sessions.

mod console;
mod patience;

use std::time::{Duration, Instant};

use anyhow::Result;
pub(crate) use console::ConsoleReader;
use patience::{DumpWait, Patience};
use teeleak_analysis::parse::{console::MarkedDump, stats::ta_bytes};
use teeleak_proto::{
    frame::FrameKind,
    stock::{self, DumpEnd, StatsReply},
    tee_result::{BUSY, SHORT_BUFFER},
};

use super::Sink;
use crate::source::observer::{LiveCounts, Observer, send};

/// Too short for any reply, so that the PTA returns the needed size.
const TOO_SHORT: usize = 8;

/// Room for the pools of any release: five of 64 bytes in 4.10.
const POOLS_BYTES: usize = 4096;

/// TAs that may be loaded between querying their number and their list.
const SPARE_TAS: usize = 2;

/// Most queries of the TA list when it grows meanwhile.
const ATTEMPTS: usize = 4;

/// Most waits for silence before a dump.
const SETTLE: u32 = 10;

/// Longest piece of console text in a frame, in bytes.
const PIECE_BYTES: usize = 64 << 10;

/// A query to the statistics PTA.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Question {
    /// `STATS_CMD_ALLOC_STATS` of this pool, or of all.
    Pools(u32),
    /// `STATS_CMD_TA_STATS`.
    Tas,
    /// `STATS_CMD_MEMLEAK_STATS`.
    Dump,
    /// `STATS_CMD_PAGER_STATS` without parameters: prints [`stock::MARK`].
    Mark,
}

/// The reply to a [`Question`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Answer {
    /// `TEE_Result`.
    pub result: u32,
    /// Size of the reply in bytes; if the buffer is too short, the needed size.
    pub bytes: usize,
}

/// A session to the statistics PTA.
pub trait StatsPta {
    /// Sends a query.
    fn ask(&mut self, question: Question, reply: &mut [u8]) -> Answer;

    /// The current time; simulated with a simulated PTA.
    fn now(&self) -> Instant {
        Instant::now()
    }

    /// Waits.
    fn pause(&mut self, time: Duration) {
        std::thread::sleep(time);
    }
}

/// Takes snapshots of an OP-TEE without our PTA.
pub(crate) struct Stock {
    pta: Box<dyn StatsPta>,
    console: Option<ConsoleReader>,
    /// Whether to query the heaps of TAs.
    tas: bool,
    element_bytes: usize,
    reply: Vec<u8>,
    epoch: u32,
    /// Whether text of an earlier dump, perhaps by another process, may still arrive.
    unsettled: bool,
    /// Whether text was overwritten since the last dump.
    overrun: bool,
}

/// Size of a pool's counters in bytes: what the PTA returns for too short a buffer.
pub(crate) fn element_bytes(pta: &mut dyn StatsPta) -> Result<usize, u32> {
    let answer = pta.ask(Question::Pools(stock::HEAP), &mut [0; TOO_SHORT]);
    if answer.result == SHORT_BUFFER { Ok(answer.bytes) } else { Err(answer.result) }
}

impl Stock {
    pub(crate) fn new(pta: Box<dyn StatsPta>, console: Option<ConsoleReader>, tas: bool) -> Self {
        let reply = vec![0; POOLS_BYTES];
        Self {
            pta,
            console,
            tas,
            element_bytes: 0,
            reply,
            epoch: 0,
            // An earlier client may have requested a dump, too.
            unsettled: true,
            overrun: false,
        }
    }

    fn counters(&mut self, sink: &mut dyn Sink) -> Result<()> {
        let answer = self.pta.ask(Question::Pools(stock::ALL_POOLS), &mut self.reply);
        self.pass_on(stock::ALLOC_STATS, answer, sink)
    }

    fn tas(&mut self, sink: &mut dyn Sink) -> Result<()> {
        let mut answer = self.pta.ask(Question::Tas, &mut self.reply[..TOO_SHORT]);
        for _ in 0..ATTEMPTS {
            if answer.result != SHORT_BUFFER {
                break;
            }
            let room = answer.bytes + SPARE_TAS * ta_bytes(self.element_bytes);
            self.reply.resize(room.max(POOLS_BYTES), 0);
            // Bytes that the PTA does not write must not look like a reply.
            self.reply.fill(0);
            answer = self.pta.ask(Question::Tas, &mut self.reply);
        }
        self.pass_on(stock::TA_STATS, answer, sink)
    }

    /// Passes on the heaps of the TAs, or that the TEE is too busy to ask for them.
    pub(crate) fn ta_heaps(&mut self, is_quiet: bool, sink: &mut dyn Sink) -> Result<()> {
        if is_quiet {
            return self.tas(sink);
        }
        self.pass_on(stock::TA_STATS, Answer { result: BUSY, bytes: 0 }, sink)
    }

    fn pass_on(&mut self, command: u32, answer: Answer, sink: &mut dyn Sink) -> Result<()> {
        let bytes = if answer.result == 0 { answer.bytes.min(self.reply.len()) } else { 0 };
        let element_bytes = u32::try_from(self.element_bytes).unwrap_or(u32::MAX);
        let (result, reply) = (answer.result, &self.reply[..bytes]);
        let reply = StatsReply { command, result, element_bytes, reply };
        send(FrameKind::Stats, &reply, sink)
    }

    /// Requests a dump of the core heap and passes on its text; returns the number of allocations.
    fn dump(&mut self, sink: &mut dyn Sink) -> Result<Option<u64>> {
        self.settle(sink)?;
        let overrun_before = std::mem::take(&mut self.overrun);
        let end = DumpEnd::NotAsked;
        let mut dump =
            stock::DumpFrame { result: 0, end, bytes: 0, overrun: false, overrun_before };
        if self.console.is_none() {
            send(FrameKind::Dump, &dump, sink)?;
            return Ok(None);
        }
        dump.result = self.print();
        let (text, records) = self.wait(&mut dump)?;
        self.unsettled = dump.end == DumpEnd::TimedOut;
        send_text(&text, sink)?;
        send(FrameKind::Dump, &dump, sink)?;
        Ok(Some(records))
    }

    /// Reads until the dump is over; returns its text and the number of allocations.
    fn wait(&mut self, dump: &mut stock::DumpFrame) -> Result<(Vec<u8>, u64)> {
        let mut patience = Patience::new(self.pta.now());
        let mut text = Vec::new();
        loop {
            let so_far = self.listen(&mut text, &mut dump.overrun)?;
            match patience.look_at(&so_far, self.pta.now()) {
                DumpWait::Over(end) => {
                    dump.end = end;
                    dump.bytes = u32::try_from(text.len()).unwrap_or(u32::MAX);
                    return Ok((text, so_far.records));
                }
                DumpWait::More(pause) => self.pta.pause(pause),
            }
        }
    }

    fn print(&mut self) -> u32 {
        self.pta.ask(Question::Mark, &mut []);
        let dump = self.pta.ask(Question::Dump, &mut []);
        self.pta.ask(Question::Mark, &mut []);
        dump.result
    }

    fn listen(&mut self, text: &mut Vec<u8>, overrun: &mut bool) -> Result<MarkedDump> {
        if let Some(console) = &mut self.console {
            *overrun |= console.read(text)?;
        }
        Ok(MarkedDump::read(text))
    }

    /// Passes on new console text and waits for the end of an earlier dump, whose mark would be
    /// taken for one of the next dump.
    fn settle(&mut self, sink: &mut dyn Sink) -> Result<()> {
        let unsettled = std::mem::take(&mut self.unsettled) && self.console.is_some();
        let times = if unsettled { SETTLE } else { 0 };
        self.pass_on_text(sink)?;
        for _ in 0..times {
            self.pta.pause(patience::QUIET);
            let dump = self.pass_on_text(sink)?;
            if dump.records == 0 && dump.marks == 0 {
                break;
            }
        }
        Ok(())
    }

    /// Passes on new console text; returns the dump that it may contain.
    fn pass_on_text(&mut self, sink: &mut dyn Sink) -> Result<MarkedDump> {
        let mut text = Vec::new();
        if let Some(console) = &mut self.console {
            self.overrun |= console.read(&mut text)?;
        }
        send_text(&text, sink)?;
        Ok(MarkedDump::read(&text))
    }
}

impl Observer for Stock {
    fn begin(&mut self, _sink: &mut dyn Sink) -> Result<u32> {
        self.element_bytes = element_bytes(&mut *self.pta).unwrap_or(0);
        Ok(self.epoch)
    }

    fn census(&mut self, sink: &mut dyn Sink) -> Result<LiveCounts> {
        self.counters(sink)?;
        if self.tas {
            self.tas(sink)?;
        }
        let records = self.dump(sink)?;
        let allocations = records.map(|n| u32::try_from(n).unwrap_or(u32::MAX));
        Ok(LiveCounts { allocations, regions: None })
    }

    fn pools(&mut self, sink: &mut dyn Sink) -> Result<()> {
        self.counters(sink)
    }

    fn events(&mut self, sink: &mut dyn Sink) -> Result<()> {
        self.pass_on_text(sink).map(drop)
    }

    /// Numbers the iterations; allocations carry no epoch.
    fn mark(&mut self, restart: bool) -> Result<u32> {
        self.epoch = if restart { 0 } else { self.epoch + 1 };
        Ok(self.epoch)
    }

    fn plant(&mut self, _size: u32, _sink: &mut dyn Sink) -> Result<()> {
        Ok(())
    }
}

fn send_text(text: &[u8], sink: &mut dyn Sink) -> Result<()> {
    text.chunks(PIECE_BYTES).try_for_each(|piece| sink.frame(Some(FrameKind::Console), piece))
}
