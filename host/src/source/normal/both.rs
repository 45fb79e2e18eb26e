//! Both worlds as one that is looked at: the TEE, if there is one, and the ledgers of the normal world.

use std::{io::Write, path::Path};

use anyhow::Result;
use teeleak_proto::{bind::Bind, frame::FrameKind, normal};

use super::{Depth, Ledgers};
use crate::source::{
    Sink, Ways,
    live::{Counts, NODE, Observer, World, send},
};

/// The best way into the TEE, with the ledgers of the normal world below `root`. Without a TEE it is the
/// normal world alone, which `err` is told.
///
/// # Errors
/// When nothing that was asked for can be looked at.
pub(crate) fn reach(
    ways: &Ways,
    world: &dyn World,
    root: &Path,
    err: &mut dyn Write,
) -> Result<Box<dyn Observer>> {
    let tee = match ways.reach(world, err) {
        Ok(tee) => Ok(tee),
        // What was asked for by name has to be there.
        Err(error) if ways.are_given() => return Err(error),
        Err(error) => Err(no_tee(world, &error, err)?),
    };
    Ok(Box::new(Both { tee, ledgers: Ledgers::new(root), samples: 0, epoch: 0 }))
}

/// Why there is no TEE to look at.
#[derive(Debug)]
pub(crate) struct NoTee {
    there: bool,
    why: String,
}

/// Says that the TEE is left out.
///
/// # Errors
/// When it can't be said.
pub(crate) fn no_tee(
    world: &dyn World,
    error: &anyhow::Error,
    err: &mut dyn Write,
) -> Result<NoTee> {
    let has_node = world.has_node();
    let reason = if has_node { format!("{error:#}") } else { format!("there is no {NODE}") };
    writeln!(
        err,
        "teeleak: the TEE is not observed: {reason}; going on with the normal world alone"
    )?;
    Ok(NoTee { there: has_node, why: reason })
}

impl NoTee {
    /// Passes it on.
    pub(crate) fn tell(&self, sink: &mut dyn Sink) -> Result<()> {
        let Self { there, why } = self;
        send(FrameKind::NoTee, &normal::NoTee { there: *there, why }, sink)
    }
}

/// Both worlds.
pub(crate) struct Both {
    tee: Result<Box<dyn Observer>, NoTee>,
    ledgers: Ledgers,
    samples: u32,
    /// Where the TEE keeps none.
    epoch: u32,
}

/// Samples at the begin that are of everything: one that is thrown away, and the one before the first iteration.
const FIRST: u32 = 2;

impl Observer for Both {
    fn begin(&mut self, sink: &mut dyn Sink) -> Result<u32> {
        match &mut self.tee {
            Ok(tee) => tee.begin(sink),
            Err(none) => none.tell(sink).map(|()| 0),
        }
    }

    fn census(&mut self, sink: &mut dyn Sink) -> Result<Counts> {
        let counts = match &mut self.tee {
            Ok(tee) => tee.census(sink)?,
            Err(_) => Counts::default(),
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
