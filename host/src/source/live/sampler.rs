//! Queries the TA and passes its replies on as frames.
//!
//! One session and one reply buffer for everything: taking a snapshot must not show in it.

use anyhow::{Result, bail};
use rustix::time::{ClockId, clock_gettime};
use serde::Serialize;
use teeleak_analysis::model::TeeResult;
use teeleak_proto::{
    bind::Bind,
    canary::CanaryRequest,
    command::TaCommand,
    event::{EventsHead, EventsRequest},
    frame,
    frame::FrameKind,
    hello::HelloRequest,
    ledger::LedgerRequest,
    limits,
    mark::MarkRequest,
    pta, record,
    record::Record,
    snapshot::{Section, SectionHead, SnapshotCursor, SnapshotRequest},
    tee_result, version,
};

use super::{Device, values};
use crate::{
    error::{NotObservable, TeeError, TeeOperation},
    source::{
        Sink,
        observer::{LiveCounts, Observer, send},
        stock::Stock,
    },
};

/// Size of the reply buffer in bytes: a snapshot of a busy system takes a few of these.
pub(crate) const REPLY_BYTES: usize = 64 << 10;

/// Least part of it shared with a command, in bytes: the TEE maps it page by page.
const REPLY_BYTES_USUAL: usize = 16 << 10;

/// All sections but the single allocations: sites suffice.
const SECTIONS: u32 = Section::Pools.bit()
    | Section::Sites.bit()
    | Section::Owners.bit()
    | Section::Instances.bit()
    | Section::Sessions.bit()
    | Section::Regions.bit();

/// Most pages of events per poll, so that a flood can't block it.
const EVENT_PAGES: u32 = 64;

/// Facts from the TA's reply to hello.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Greeting {
    /// The current epoch.
    pub(crate) epoch: u32,
    /// `PTA_LEAK_AUDIT_FEATURE_*`.
    pub(crate) features: u32,
}

/// A session to the TA and its reply buffer.
pub(crate) struct Sampler {
    device: Box<dyn Device>,
    /// Whether to send values only, because the TEE has no memory left to map ours.
    frugal: bool,
    /// Whether to clear the canary at the end.
    planted: bool,
    /// Whether there are call stacks to list.
    has_stacks: bool,
    reply: Vec<u8>,
    /// Size of the longest page so far, in bytes.
    longest: usize,
    next_event: u64,
    /// Events that the ring of the TEE core holds.
    event_room: u64,
    /// Queries the heaps of TAs, if wanted.
    heaps: Option<Stock>,
}

impl Sampler {
    pub(crate) fn new(device: Box<dyn Device>) -> Self {
        Self {
            device,
            frugal: false,
            planted: false,
            has_stacks: false,
            reply: vec![0; REPLY_BYTES],
            longest: 0,
            next_event: 1,
            event_room: 0,
            heaps: None,
        }
    }

    /// Queries the heaps of TAs for each snapshot, too.
    pub(crate) fn with_heaps(mut self, heaps: Stock) -> Self {
        self.heaps = Some(heaps);
        self
    }

    /// Says hello and checks the versions.
    pub(crate) fn hello(&mut self, sink: &mut dyn Sink) -> Result<Greeting> {
        let request = HelloRequest { min: version::MIN, current: version::CURRENT };
        let page = self.call(TaCommand::Hello, &request)?;
        let hello = record::read(page).find_map(|record| match record {
            Ok(Record::Hello(hello)) => Some(hello),
            _ => None,
        });
        let Some(hello) = hello else {
            bail!(NotObservable(
                "unexpected reply to hello: install host and TA from one build".into()
            ))
        };
        if !version::agrees(hello.min, hello.current) {
            bail!(NotObservable(format!(
                "the TA speaks interface versions {} to {}, this teeleak {} to {}: install both \
                 from one build",
                hello.min,
                hello.current,
                version::MIN,
                version::CURRENT
            )));
        }
        let (result, epoch, features) = (hello.pta_result, hello.epoch, hello.features);
        // An older TA refuses a request for a section that it does not know.
        let has_stacks = hello.current >= version::STACKS && features & pta::FEATURE_STACKS != 0;
        let has_events = features & pta::FEATURE_EVENTS != 0;
        let event_room = if has_events { hello.event_room.into() } else { 0 };
        sink.frame(Some(FrameKind::Records), page)?;
        if result != 0 {
            bail!(NotObservable(format!(
                "the TA is installed but its PTA is missing ({}): {}",
                TeeResult(result),
                teeleak_analysis::parse::capture::remedy::PTA
            )));
        }
        self.has_stacks = has_stacks;
        self.event_room = event_room;
        Ok(Greeting { epoch, features })
    }

    /// Takes a snapshot of these sections.
    fn sections(&mut self, sections: u32, sink: &mut dyn Sink) -> Result<LiveCounts> {
        let mut counts = LiveCounts { allocations: None, regions: Some(0) };
        let mut cursor = SnapshotCursor::START;
        loop {
            let request = SnapshotRequest { sections, epoch_from: 0, cursor };
            let page = self.call(TaCommand::Snapshot, &request)?;
            sink.frame(Some(FrameKind::Records), page)?;
            match tally(page, &mut counts) {
                Some(next) if next == cursor => {
                    bail!(NotObservable(
                        "the TA repeats a page of the snapshot: no reply can hold the next entry"
                            .into()
                    ))
                }
                Some(next) => cursor = next,
                None => return Ok(counts),
            }
        }
    }

    /// Queries the heaps of TAs, unless somebody uses the TEE right now: the query can hang while
    /// another client opens a session (observed on optee_os 4.10.0).
    fn ta_heaps(&mut self, sink: &mut dyn Sink) -> Result<()> {
        if self.heaps.is_none() {
            return Ok(());
        }
        let position = self.next_event;
        self.events(sink)?;
        let is_quiet = self.next_event == position;
        self.heaps.as_mut().map_or(Ok(()), |heaps| heaps.ta_heaps(is_quiet, sink))
    }

    fn call(&mut self, command: TaCommand, request: &impl Serialize) -> Result<&[u8], TeeError> {
        let mut bytes = [0; limits::REQUEST_BYTES];
        let request = postcard::to_slice(request, &mut bytes).map_err(|_| TeeError {
            result: tee_result::BAD_PARAMETERS,
            request: TeeOperation::Other("writing a request"),
        })?;
        let room = room_after(self.longest);
        let n_bytes = match self.invoke(command, request, room) {
            Err(error) if error.result == tee_result::OUT_OF_MEMORY => {
                let result = values::ask(&mut *self.device, command, request, &mut self.reply);
                self.frugal = result.is_ok();
                result.map_err(|_| error)?
            }
            done => done?,
        };
        self.longest = self.longest.max(n_bytes);
        Ok(&self.reply[..n_bytes])
    }

    fn invoke(
        &mut self,
        command: TaCommand,
        request: &[u8],
        room: usize,
    ) -> Result<usize, TeeError> {
        if self.frugal {
            return values::ask(&mut *self.device, command, request, &mut self.reply);
        }
        let n_bytes = self.device.invoke(command, request, &mut self.reply[..room])?;
        Ok(n_bytes.min(room))
    }
}

/// Clears the canary.
impl Drop for Sampler {
    fn drop(&mut self) {
        if self.planted {
            // A failure can't be reported here, and costs only a few bytes.
            let _ = self.call(TaCommand::Canary, &CanaryRequest { size: 0 });
        }
    }
}

impl Observer for Sampler {
    fn begin(&mut self, sink: &mut dyn Sink) -> Result<u32> {
        let epoch = self.hello(sink)?.epoch;
        if let Some(heaps) = &mut self.heaps {
            heaps.begin(sink)?;
        }
        Ok(epoch)
    }

    fn census(&mut self, sink: &mut dyn Sink) -> Result<LiveCounts> {
        self.ta_heaps(sink)?;
        // Value by value, the table of stacks would take longer than all the rest.
        let has_stacks = self.has_stacks && !self.frugal;
        let stacks = if has_stacks { Section::Stacks.bit() } else { 0 };
        self.sections(SECTIONS | stacks, sink)
    }

    fn pools(&mut self, sink: &mut dyn Sink) -> Result<()> {
        self.sections(Section::Pools.bit(), sink).map(drop)
    }

    fn bind(&mut self, bind: &Bind) -> Result<()> {
        self.call(TaCommand::Bind, bind)?;
        Ok(())
    }

    fn ledger(&mut self, sink: &mut dyn Sink) -> Result<u32> {
        let page = self.call(TaCommand::Ledger, &LedgerRequest { from: 0 })?;
        sink.frame(Some(FrameKind::Records), page)?;
        let violations = record::read(page).find_map(|record| match record {
            Ok(Record::Ledger(head)) => Some(head.violations),
            _ => None,
        });
        Ok(violations.unwrap_or(0))
    }

    fn event_room(&self) -> Option<u64> {
        Some(self.event_room)
    }

    /// The frugal mode is slower.
    fn set_frugal(&mut self, frugal: bool) {
        self.frugal = frugal;
    }

    fn position(&self) -> u64 {
        self.next_event
    }

    fn resume(&mut self, position: u64) {
        self.next_event = position.max(1);
    }

    fn mark(&mut self, restart: bool) -> Result<u32> {
        let page = self.call(TaCommand::Mark, &MarkRequest { restart })?;
        let epoch = record::read(page).find_map(|record| match record {
            Ok(Record::Epoch(epoch)) => Some(epoch.epoch),
            _ => None,
        });
        epoch.ok_or_else(|| {
            NotObservable("no epoch in the TA's reply: install both from one build".into()).into()
        })
    }

    fn plant(&mut self, size: u32, sink: &mut dyn Sink) -> Result<()> {
        self.planted = true;
        let page = self.call(TaCommand::Canary, &CanaryRequest { size })?;
        sink.frame(Some(FrameKind::Records), page)
    }

    fn events(&mut self, sink: &mut dyn Sink) -> Result<()> {
        for _ in 0..EVENT_PAGES {
            let first_event = self.next_event;
            let page = self.call(TaCommand::Events, &EventsRequest { from: first_event })?;
            let Some(head) = events_head(page) else { break };
            let is_empty = head.next <= first_event;
            if head.lost > 0 || !is_empty {
                sink.frame(Some(FrameKind::Records), page)?;
            }
            self.next_event = head.next.max(first_event);
            if head.is_last || is_empty {
                break;
            }
        }
        Ok(())
    }
}

/// Bytes to share for a page: a quarter more than the longest one so far.
fn room_after(longest: usize) -> usize {
    (longest + longest / 4).next_multiple_of(4 << 10).clamp(REPLY_BYTES_USUAL, REPLY_BYTES)
}

/// Counts the objects of a page; returns the start of the next page.
fn tally(page: &[u8], counts: &mut LiveCounts) -> Option<SnapshotCursor> {
    let mut records = record::read(page);
    loop {
        let regions = records.skip_all(record::REGION);
        counts.regions = counts.regions.map(|n| n + regions);
        match records.next()? {
            Ok(Record::Section(SectionHead { section: Section::Sites, total, .. })) => {
                counts.allocations = Some(total);
            }
            Ok(Record::End { next }) => return next,
            _ => {}
        }
    }
}

fn events_head(page: &[u8]) -> Option<EventsHead> {
    record::read(page).find_map(|record| match record {
        Ok(Record::Events(head)) => Some(head),
        _ => None,
    })
}

/// `CLOCK_MONOTONIC`, in nanoseconds.
pub(crate) fn monotonic_ns() -> u64 {
    let time = clock_gettime(ClockId::Monotonic);
    let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
    seconds * 1_000_000_000 + u64::try_from(time.tv_nsec).unwrap_or(0)
}

/// Sends the frame that says who records what, and when.
pub(crate) fn send_meta(workload: &str, sink: &mut dyn Sink) -> Result<()> {
    let host = rustix::system::uname();
    let unix_ns = std::time::SystemTime::UNIX_EPOCH.elapsed().map_or(0, |since| since.as_nanos());
    let meta = frame::Meta {
        tool: env!("CARGO_PKG_VERSION"),
        host: host.nodename().to_str().unwrap_or(""),
        workload,
        unix_ns: u64::try_from(unix_ns).unwrap_or(0),
        monotonic_ns: monotonic_ns(),
    };
    send(FrameKind::Meta, &meta, sink)
}
