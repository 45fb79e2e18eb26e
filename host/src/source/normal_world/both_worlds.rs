//! Observes both worlds: the TEE, if available, and the ledgers of the normal world.

use std::{io::Write, path::Path};

use anyhow::Result;
use teeleak_proto::{bind::Bind, frame::FrameKind, normal_world};

use super::{Depth, Ledgers};
use crate::source::{
    AccessOptions, Sink,
    live::{NODE, World},
    observer::{LiveCounts, Observer, send},
};

/// The best available observer of the TEE, plus the normal-world ledgers below `root`. Without a
/// TEE it observes the normal world only and prints that to `err`.
///
/// # Errors
/// When nothing that was requested can be observed.
pub(crate) fn reach(
    ways: &AccessOptions,
    world: &dyn World,
    root: &Path,
    err: &mut dyn Write,
) -> Result<Box<dyn Observer>> {
    let tee = match ways.reach(world, err) {
        Ok(tee) => Ok(tee),
        // A source that was requested explicitly is required.
        Err(error) if ways.are_given() => return Err(error),
        Err(error) => Err(no_tee(world, &error, err)?),
    };
    Ok(Box::new(BothWorlds { tee, ledgers: Ledgers::new(root), samples: 0, epoch: 0 }))
}

/// Why the TEE can't be observed.
#[derive(Debug)]
pub(crate) struct TeeAbsence {
    there: bool,
    why: String,
}

/// Prints that the TEE is not observed.
///
/// # Errors
/// When `err` can't be written.
pub(crate) fn no_tee(
    world: &dyn World,
    error: &anyhow::Error,
    err: &mut dyn Write,
) -> Result<TeeAbsence> {
    let has_node = world.has_node();
    let reason = if has_node { format!("{error:#}") } else { format!("{NODE} is missing") };
    writeln!(
        err,
        "teeleak: the TEE is not observed: {reason}; continuing with the normal world only"
    )?;
    Ok(TeeAbsence { there: has_node, why: reason })
}

impl TeeAbsence {
    /// Passes on the reason.
    pub(crate) fn report(&self, sink: &mut dyn Sink) -> Result<()> {
        let Self { there, why } = self;
        send(FrameKind::NoTee, &normal_world::TeeAbsenceFrame { there: *there, why }, sink)
    }
}

/// Observer of both worlds.
pub(crate) struct BothWorlds {
    tee: Result<Box<dyn Observer>, TeeAbsence>,
    ledgers: Ledgers,
    samples: u32,
    /// Epoch, for use without a TEE.
    epoch: u32,
}

/// Full snapshots at the start: the discarded one, and the one before the first iteration.
const FIRST: u32 = 2;

impl Observer for BothWorlds {
    fn begin(&mut self, sink: &mut dyn Sink) -> Result<u32> {
        match &mut self.tee {
            Ok(tee) => tee.begin(sink),
            Err(none) => none.report(sink).map(|()| 0),
        }
    }

    fn census(&mut self, sink: &mut dyn Sink) -> Result<LiveCounts> {
        let counts = match &mut self.tee {
            Ok(tee) => tee.census(sink)?,
            Err(_) => LiveCounts::default(),
        };
        self.samples = self.samples.saturating_add(1);
        let depth = if self.samples <= FIRST { Depth::Whole } else { Depth::Usual };
        self.ledgers.sample(depth, sink)?;
        Ok(counts)
    }

    fn last(&mut self, sink: &mut dyn Sink) -> Result<()> {
        self.ledgers.sample(Depth::Whole, sink)
    }

    fn pools(&mut self, sink: &mut dyn Sink) -> Result<()> {
        self.tee.as_mut().map_or(Ok(()), |tee| tee.pools(sink))
    }

    fn bind(&mut self, bind: &Bind) -> Result<()> {
        self.tee.as_mut().map_or(Ok(()), |tee| tee.bind(bind))
    }

    fn ledger(&mut self, sink: &mut dyn Sink) -> Result<u32> {
        self.tee.as_mut().map_or(Ok(0), |tee| tee.ledger(sink))
    }

    fn events(&mut self, sink: &mut dyn Sink) -> Result<()> {
        self.tee.as_mut().map_or(Ok(()), |tee| tee.events(sink))
    }

    fn event_room(&self) -> Option<u64> {
        self.tee.as_ref().map_or(Some(0), |tee| tee.event_room())
    }

    fn set_frugal(&mut self, frugal: bool) {
        if let Ok(tee) = &mut self.tee {
            tee.set_frugal(frugal);
        }
    }

    fn position(&self) -> u64 {
        self.tee.as_ref().map_or(0, |tee| tee.position())
    }

    fn resume(&mut self, position: u64) {
        if let Ok(tee) = &mut self.tee {
            tee.resume(position);
        }
    }

    fn mark(&mut self, restart: bool) -> Result<u32> {
        if let Ok(tee) = &mut self.tee {
            return tee.mark(restart);
        }
        self.epoch = if restart { 0 } else { self.epoch.wrapping_add(1) };
        Ok(self.epoch)
    }

    fn plant(&mut self, size: u32, sink: &mut dyn Sink) -> Result<()> {
        self.tee.as_mut().map_or(Ok(()), |tee| tee.plant(size, sink))
    }
}
