//! The cost of a snapshot: how long it takes, and how long it holds the core heap's lock.

use std::time::Instant;

use anyhow::Result;
use teeleak_analysis::parse::capture::Damage;
use teeleak_proto::{
    frame::FrameKind,
    record::{self, Record},
    snapshot::Section,
};

use crate::{
    source::{
        Sink,
        live::{Device, Sampler},
        observer::{LiveCounts, Observer as _},
    },
    terminal::signals::Interrupt,
};

/// The median and the largest of several measurements, in nanoseconds.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(crate) struct CostSpread {
    pub(crate) median_ns: u64,
    pub(crate) max_ns: u64,
}

impl CostSpread {
    fn from_values(mut values: Vec<u64>) -> Self {
        values.sort_unstable();
        Self {
            median_ns: values.get(values.len() / 2).copied().unwrap_or(0),
            max_ns: values.last().copied().unwrap_or(0),
        }
    }
}

/// The cost of snapshots.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Cost {
    /// Snapshots taken.
    pub(crate) snapshots: u32,
    /// The objects that each snapshot counted.
    pub(crate) counts: LiveCounts,
    /// From the request to the last page, by the normal world's clock.
    pub(crate) wall: CostSpread,
    /// How long the malloc lock of the TEE core was held, by the secure world's counter.
    pub(crate) lock: CostSpread,
    /// The same for a poll of the pools alone, as `teeleak watch` does it.
    pub(crate) poll_wall: CostSpread,
    pub(crate) poll_lock: CostSpread,
}

/// Takes `n` snapshots in one session.
pub(crate) fn measure(device: Box<dyn Device>, n: u32, interrupt: &Interrupt) -> Result<Cost> {
    let mut sampler = Sampler::new(device);
    let mut meter = Meter::default();
    sampler.hello(&mut meter)?;
    // The first snapshot allocates memory that later ones reuse.
    let mut counts = sampler.census(&mut meter)?;
    meter.take_lock_ns();
    let (mut snapshots, mut polls) = (CallTimes::default(), CallTimes::default());
    while snapshots.wall.len() < n as usize && !interrupt.is_set() {
        snapshots.add(&mut meter, |meter| sampler.census(meter).map(|now| counts = now))?;
        polls.add(&mut meter, |meter| sampler.pools(meter))?;
    }
    Ok(Cost {
        snapshots: u32::try_from(snapshots.wall.len()).unwrap_or(u32::MAX),
        counts,
        wall: CostSpread::from_values(snapshots.wall),
        lock: CostSpread::from_values(snapshots.lock),
        poll_wall: CostSpread::from_values(polls.wall),
        poll_lock: CostSpread::from_values(polls.lock),
    })
}

/// Durations of repeated requests, in nanoseconds.
#[derive(Default)]
struct CallTimes {
    wall: Vec<u64>,
    lock: Vec<u64>,
}

impl CallTimes {
    fn add(&mut self, meter: &mut Meter, ask: impl FnOnce(&mut Meter) -> Result<()>) -> Result<()> {
        let began = Instant::now();
        ask(meter)?;
        self.wall.push(u64::try_from(began.elapsed().as_nanos()).unwrap_or(u64::MAX));
        self.lock.push(meter.take_lock_ns());
        Ok(())
    }
}

/// Keeps the sampled pages, to parse them after the clock has stopped.
#[derive(Default)]
struct Meter {
    pages: Vec<u8>,
    tick_hz: u64,
}

impl Meter {
    /// How long the heap was locked, by the records since the last call.
    fn take_lock_ns(&mut self) -> u64 {
        let mut ticks = 0;
        for record in record::read(&self.pages).flatten() {
            match record {
                Record::Hello(hello) => self.tick_hz = hello.tick_hz,
                // Other sections have other locks.
                Record::Section(head)
                    if matches!(head.section, Section::Sites | Section::Pools) =>
                {
                    ticks += u128::from(head.lock_ticks);
                }
                _ => {}
            }
        }
        self.pages.clear();
        let ns = ticks * 1_000_000_000 / u128::from(self.tick_hz.max(1));
        u64::try_from(ns).unwrap_or(u64::MAX)
    }
}

impl Sink for Meter {
    fn frame(&mut self, _kind: Option<FrameKind>, payload: &[u8]) -> Result<()> {
        self.pages.extend_from_slice(payload);
        Ok(())
    }

    fn damage(&mut self, _damage: Damage) {}
}

#[cfg(test)]
mod tests {
    use super::CostSpread;

    #[test]
    fn a_spread_is_the_median_and_the_largest() {
        assert_eq!(CostSpread::from_values(vec![9, 1, 5]), CostSpread { median_ns: 5, max_ns: 9 });
        assert_eq!(CostSpread::from_values(Vec::new()), CostSpread::default());
    }
}
