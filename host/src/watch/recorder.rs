//! Observations that are not yet on disk, and the newest ones in memory.

use anyhow::Result;
use teeleak_analysis::{
    alarm::Bounds,
    model::{Observation, Pool},
    parse::capture::{Damage, ObservationBuilder},
    text,
};
use teeleak_proto::{frame, frame::FrameKind};

use crate::source::{
    Sink,
    live::{NODE, send_meta},
};

/// A sequence of frames.
#[derive(Clone, Default)]
pub(super) struct Pages(Vec<(FrameKind, Vec<u8>)>);

impl Sink for Pages {
    fn frame(&mut self, kind: Option<FrameKind>, payload: &[u8]) -> Result<()> {
        self.0.extend(kind.map(|kind| (kind, payload.to_vec())));
        Ok(())
    }

    fn damage(&mut self, _damage: Damage) {}
}

impl Pages {
    /// The pools in the frames.
    pub(super) fn pools(&self) -> Vec<Pool> {
        let mut builder = ObservationBuilder::new(NODE);
        for (kind, payload) in &self.0 {
            builder.frame(Some(*kind), payload);
        }
        let mut observation = builder.finish();
        let pools = observation.samples.pop().and_then(|sample| sample.pools.value().cloned());
        observation.gauges.pop().map(|gauge| gauge.pools).or(pools).unwrap_or_default()
    }

    /// The frames as encoded in a capture.
    pub(super) fn encoded(&self) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.0.iter().try_for_each(|(kind, payload)| encode(*kind, payload, &mut bytes))?;
        Ok(bytes)
    }
}

fn encode(kind: FrameKind, payload: &[u8], bytes: &mut Vec<u8>) -> Result<()> {
    let head = frame::head(kind, payload).ok_or_else(|| {
        anyhow::anyhow!("a frame of {} bytes is too long", text::number(payload.len() as u64))
    })?;
    bytes.extend_from_slice(&head);
    bytes.extend_from_slice(payload);
    Ok(())
}

/// A frame of the preamble of each segment.
enum PreambleFrame {
    Hello,
    Canary,
}

/// Records observations for the window and for the audit.
pub(super) struct FrameRecorder {
    builder: ObservationBuilder,
    unit: Vec<u8>,
    /// The latest frame of each kind that a segment's preamble contains.
    meta: Vec<u8>,
    hello: Vec<u8>,
    phase: Vec<u8>,
    canary: Vec<u8>,
    /// The kind of the next frame of records, if it belongs to the preamble.
    next: Option<PreambleFrame>,
    /// The pools that were last written.
    pools: Vec<Pool>,
}

impl FrameRecorder {
    pub(super) fn new() -> Self {
        Self {
            builder: ObservationBuilder::new(NODE),
            unit: Vec::new(),
            meta: Vec::new(),
            hello: Vec::new(),
            phase: Vec::new(),
            canary: Vec::new(),
            next: None,
            pools: Vec::new(),
        }
    }

    /// Records who observes.
    pub(super) fn begin(&mut self, workload: &str) -> Result<()> {
        send_meta(&workload.replace(' ', "\0"), self)
    }

    /// The next frame of records is the hello.
    pub(super) fn greet(&mut self) {
        self.next = Some(PreambleFrame::Hello);
    }

    /// The next frame of records is the canary.
    pub(super) fn plant(&mut self) {
        self.next = Some(PreambleFrame::Canary);
    }

    /// The next frame of records does not belong to the preamble after all.
    pub(super) fn forget(&mut self) {
        self.next = None;
    }

    /// The frames that each segment starts with.
    pub(super) fn preamble(&self) -> Vec<u8> {
        [&self.meta[..], &self.hello, &self.phase, &self.canary].concat()
    }

    /// Frames that are not yet on disk.
    pub(super) fn unit(&self) -> &[u8] {
        &self.unit
    }

    pub(super) fn clear(&mut self) {
        self.unit.clear();
    }

    /// Whether these pools should be written to disk: between two snapshots only those with a new peak
    /// or a new failure.
    pub(super) fn is_news(&mut self, pools: &[Pool], alarm: bool) -> bool {
        let peaks = |pools: &[Pool]| {
            let peak = |pool: &Pool| (pool.max_allocated, pool.num_alloc_fail);
            pools.iter().map(peak).collect::<Vec<_>>()
        };
        let news = alarm || peaks(pools) != peaks(&self.pools);
        if news {
            self.pools = pools.to_vec();
        }
        news
    }

    pub(super) fn add(&mut self, pages: &Pages) -> Result<()> {
        pages.0.iter().try_for_each(|(kind, payload)| self.frame(Some(*kind), payload))
    }

    pub(super) fn keep(&mut self, bounds: Bounds) {
        self.builder.keep(bounds);
    }

    /// Whether memory holds so many events that they should be trimmed.
    pub(super) fn is_long(&mut self, bounds: Bounds) -> bool {
        self.so_far().events.len() > 2 * bounds.events
    }

    pub(super) fn so_far(&mut self) -> &mut Observation {
        self.builder.so_far()
    }
}

impl Sink for FrameRecorder {
    fn frame(&mut self, kind: Option<FrameKind>, payload: &[u8]) -> Result<()> {
        self.builder.frame(kind, payload);
        let Some(kind) = kind else { return Ok(()) };
        let start = self.unit.len();
        encode(kind, payload, &mut self.unit)?;
        let encoded = &self.unit[start..];
        match kind {
            FrameKind::Meta => self.meta = encoded.to_vec(),
            // Without a TEE there is no hello.
            FrameKind::NoTee => self.hello = encoded.to_vec(),
            FrameKind::Phase => self.phase = encoded.to_vec(),
            FrameKind::Records => match self.next.take() {
                Some(PreambleFrame::Hello) => self.hello = encoded.to_vec(),
                Some(PreambleFrame::Canary) => self.canary = encoded.to_vec(),
                None => {}
            },
            _ => {}
        }
        Ok(())
    }

    fn damage(&mut self, damage: Damage) {
        self.builder.damage(damage);
    }
}
