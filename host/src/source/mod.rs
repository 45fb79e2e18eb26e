//! Sources of frames: a device or a capture, alike to everything downstream.

mod available;
mod capture;
pub mod clients;
pub mod live;
mod meminfo;
pub(crate) mod normal_world;
pub(crate) mod observer;
pub mod stock;
mod tee_access;
pub(crate) mod text;

use anyhow::Result;
pub(crate) use capture::CaptureFile;
pub(crate) use tee_access::{AccessOptions, auditor};
use teeleak_analysis::{
    model::Observation,
    parse::capture::{Damage, ObservationBuilder},
};
use teeleak_proto::frame::FrameKind;

use crate::capture::CaptureWriter;

/// Takes frames.
pub trait Sink {
    /// Takes a frame; `kind` is `None` for one that this build doesn't know.
    ///
    /// # Errors
    /// When it can't be stored.
    fn frame(&mut self, kind: Option<FrameKind>, payload: &[u8]) -> Result<()>;

    /// Records bytes that are no valid frames.
    fn damage(&mut self, damage: Damage);

    /// How many more iterations an inconclusive result needs; 0 if none, or without a judge.
    fn undecided(&mut self) -> u32 {
        0
    }
}

/// Takes all frames and never fails.
impl Sink for ObservationBuilder {
    fn frame(&mut self, kind: Option<FrameKind>, payload: &[u8]) -> Result<()> {
        self.frame(kind, payload);
        Ok(())
    }

    fn damage(&mut self, damage: Damage) {
        self.damage(damage);
    }
}

/// Returns how many more iterations an observation needs, 0 for none.
pub type Judge<'j> = &'j dyn Fn(&Observation) -> u32;

/// Produces frames.
pub trait Source {
    /// Its name in reports: a file name, `/dev/tee0`.
    fn name(&self) -> String;

    /// Passes all frames to `sink`.
    ///
    /// # Errors
    /// When the source fails and leaves nothing to analyze.
    fn feed(&mut self, sink: &mut dyn Sink) -> Result<()>;
}

/// The observation from a source; its frames are also written to `file`, if any.
///
/// # Errors
/// When the source fails, or the file can't be written.
pub fn observe(source: &mut dyn Source, file: Option<CaptureWriter>) -> Result<Observation> {
    observe_judged(source, file, None)
}

/// As [`observe`], with a judge that decides between iterations whether they suffice.
///
/// # Errors
/// As [`observe`].
pub fn observe_judged(
    source: &mut dyn Source,
    file: Option<CaptureWriter>,
    judge: Option<Judge<'_>>,
) -> Result<Observation> {
    let mut sink = RecordingSink { builder: ObservationBuilder::new(&source.name()), file, judge };
    source.feed(&mut sink)?;
    if let Some(file) = &mut sink.file {
        file.sync()?;
    }
    Ok(sink.builder.finish())
}

struct RecordingSink<'j> {
    builder: ObservationBuilder,
    file: Option<CaptureWriter>,
    judge: Option<Judge<'j>>,
}

impl Sink for RecordingSink<'_> {
    fn frame(&mut self, kind: Option<FrameKind>, payload: &[u8]) -> Result<()> {
        if let (Some(file), Some(kind)) = (&mut self.file, kind) {
            file.push(kind, payload)?;
            if kind == FrameKind::Phase {
                file.flush()?;
            }
        }
        self.builder.frame(kind, payload);
        Ok(())
    }

    fn damage(&mut self, damage: Damage) {
        self.builder.damage(damage);
    }

    fn undecided(&mut self) -> u32 {
        self.judge.map_or(0, |judge| judge(self.builder.so_far()))
    }
}
