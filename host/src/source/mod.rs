//! Where frames come from: a device or a recording, the same to everything after them.

mod capture;
pub mod clients;
pub mod live;
pub(crate) mod normal;
mod reach;
pub mod stock;
pub(crate) mod text;

use anyhow::Result;
use teeleak_analysis::model::Observation;
use teeleak_proto::frame::FrameKind;

use crate::{
    assemble::Assembler,
    capture::{Damage, Writer},
};

pub(crate) use capture::CaptureFile;
pub(crate) use reach::{Ways, auditor};

/// Takes frames.
pub trait Sink {
    /// Takes a frame; `kind` is `None` for one that this build doesn't know.
    ///
    /// # Errors
    /// When it can't be kept.
    fn frame(&mut self, kind: Option<FrameKind>, payload: &[u8]) -> Result<()>;

    /// Takes note of bytes that were no frames.
    fn damage(&mut self, damage: Damage);

    /// How many more iterations would decide something that those so far don't; 0 if nothing, or
    /// where nobody asks.
    fn undecided(&mut self) -> u32 {
        0
    }
}

/// Says of what was observed so far how many more iterations it takes, 0 for none.
pub type Judge<'j> = &'j dyn Fn(&Observation) -> u32;

/// Gives frames.
pub trait Source {
    /// What it is called in reports: a file name, `/dev/tee0`.
    fn name(&self) -> String;

    /// Gives all of its frames.
    ///
    /// # Errors
    /// When the source fails in a way that leaves nothing to look at.
    fn feed(&mut self, sink: &mut dyn Sink) -> Result<()>;
}

/// What a source told; its frames are kept in `file`, too, if there is one.
///
/// # Errors
/// When the source fails, or the file can't be written.
pub fn observe(source: &mut dyn Source, file: Option<Writer>) -> Result<Observation> {
    observe_judged(source, file, None)
}

/// The same, with somebody who is asked between iterations whether they are enough.
///
/// # Errors
/// As [`observe`].
pub fn observe_judged(
    source: &mut dyn Source,
    file: Option<Writer>,
    judge: Option<Judge<'_>>,
) -> Result<Observation> {
    let mut both = Both { assembler: Assembler::new(&source.name()), file, judge };
    source.feed(&mut both)?;
    if let Some(file) = &mut both.file {
        file.sync()?;
    }
    Ok(both.assembler.finish())
}

struct Both<'j> {
    assembler: Assembler,
    file: Option<Writer>,
    judge: Option<Judge<'j>>,
}

impl Sink for Both<'_> {
    fn frame(&mut self, kind: Option<FrameKind>, payload: &[u8]) -> Result<()> {
        if let (Some(file), Some(kind)) = (&mut self.file, kind) {
            file.push(kind, payload)?;
            if kind == FrameKind::Phase {
                file.flush()?;
            }
        }
        self.assembler.frame(kind, payload)
    }

    fn damage(&mut self, damage: Damage) {
        self.assembler.damage(damage);
    }

    fn undecided(&mut self) -> u32 {
        self.judge.map_or(0, |judge| judge(self.assembler.so_far()))
    }
}
