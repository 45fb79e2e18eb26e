//! Channel switches.

use std::process;

use leaky_interface::{Command, ITEM_NOT_FOUND};
use serde::Serialize;

use crate::{Args, Bug, closer::Closer, tee::Tee};

/// Times that the cache is filled before it is warm.
const CACHE_TIMES: u32 = 3;

/// Objects around which their number swings.
const SWING_MEAN: u32 = 16;

/// What is printed of a switch.
#[derive(Serialize)]
struct Switch {
    switch: u32,
    pid: u32,
    closed_by: u32,
    channel: u32,
    /// Addresses in the TA.
    mapped: Vec<u64>,
    unmapped: u32,
    /// Unmaps that found nothing.
    not_found: u32,
}

struct Player<'a> {
    args: &'a Args,
    tee: Tee,
    closer: Option<Closer>,
}

/// Plays all switches.
pub(crate) fn play(args: &Args) -> anyhow::Result<()> {
    let closer = if args.processes == 2 { Some(Closer::start()?) } else { None };
    let mut player = Player { args, tee: Tee::open()?, closer };
    for number in 0..args.switches {
        let switch = player.switch(number)?;
        player.extras()?;
        println!("{}", serde_json::to_string(&switch)?);
    }
    match player.closer {
        Some(closer) => closer.end(),
        None => Ok(()),
    }
}

impl Player<'_> {
    fn switch(&mut self, number: u32) -> anyhow::Result<Switch> {
        let bug = self.args.bug;
        let channel = self.tee.open_channel()?;
        let mut mapped = Vec::new();
        for _ in 0..self.args.maps {
            mapped.push(self.tee.map(channel, self.args.size)?);
        }
        let pid = process::id();
        let closed_by = self.closer.as_ref().map_or(pid, Closer::pid);
        let mut switch =
            Switch { switch: number, pid, closed_by, channel, mapped, unmapped: 0, not_found: 0 };
        if bug == Bug::CloseBeforeUnmap {
            self.close(channel)?;
        }
        let forgotten = usize::from(bug == Bug::ForgetUnmap);
        let kept = switch.mapped.len().saturating_sub(forgotten);
        let times = if bug == Bug::DoubleUnmap { 2 } else { 1 };
        for address in switch.mapped.iter().take(kept) {
            for _ in 0..times {
                match self.tee.unmap(channel, *address)? {
                    ITEM_NOT_FOUND => switch.not_found += 1,
                    _ => switch.unmapped += 1,
                }
            }
        }
        if bug != Bug::CloseBeforeUnmap && bug != Bug::ForgetUnmap {
            self.close(channel)?;
        }
        switch.expected(bug)?;
        Ok(switch)
    }

    fn close(&mut self, channel: u32) -> anyhow::Result<()> {
        match &mut self.closer {
            Some(closer) => closer.close(channel),
            None => self.tee.close_channel(channel),
        }
    }

    fn extras(&mut self) -> anyhow::Result<()> {
        let (args, tee) = (self.args, &mut self.tee);
        if args.bug == Bug::LeakSession {
            tee.leak_session(&args.peer)?;
        }
        if let Some(objects) = args.cache {
            tee.send(Command::CacheFill, objects, CACHE_TIMES)?;
        }
        if let Some(seed) = args.oscillate {
            tee.send(Command::Oscillate, seed, SWING_MEAN)?;
        }
        if args.slow_leak {
            tee.call(Command::SlowLeak)?;
        }
        if args.leak_objects > 0 || args.leak_regions > 0 {
            tee.send(Command::LeakMany, args.leak_objects, args.leak_regions)?;
        }
        if args.free {
            tee.call(Command::Freed)?;
        }
        if args.busy > 0 {
            tee.send(Command::BusyMs, args.busy, 0)?;
        }
        Ok(())
    }
}

impl Switch {
    /// Whether the bug explains what the TEE answered.
    fn expected(&self, bug: Bug) -> anyhow::Result<()> {
        let mapped = u32::try_from(self.mapped.len()).unwrap_or(u32::MAX);
        let expected = match bug {
            Bug::None | Bug::LeakSession => (mapped, 0),
            Bug::ForgetUnmap => (mapped.saturating_sub(1), 0),
            Bug::CloseBeforeUnmap => (0, mapped),
            Bug::DoubleUnmap => (mapped, mapped),
        };
        let found = (self.unmapped, self.not_found);
        anyhow::ensure!(
            found == expected,
            "channel {}: {expected:?} unmaps expected to succeed and to find nothing, found {found:?}",
            self.channel
        );
        Ok(())
    }
}
