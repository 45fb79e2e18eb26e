//! `teeleak watch`

use std::{
    io::{self, Write},
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
    time::Duration,
};

use anyhow::{Result, anyhow};
use clap::Args;
use teeleak_analysis::{
    audit::{Needs, Options},
    text,
};

use super::args::{analysis::protocols, named_file::BuiltIn, triage::TriageArgs};
use crate::{
    cmd::args::{normal_world::NormalWorldArgs, tee_access::StockArgs},
    env::Env,
    exit::Exit,
    tui::{MessageLog, Tui},
    watch::{MetricsTargets, NoViewer, Viewer, Watch, WatchSettings},
    window::LEAST_BYTES,
};

/// Arguments of `teeleak watch`.
#[derive(Args, Debug)]
#[command(after_help = "\
Runs until SIGTERM or SIGINT, and then exits with 0. DIR holds window-*.tlk, the newest snapshots
and events, and dump-*.tlk, one per alarm: captures that `teeleak report` reads. Each kind gets half
of SIZE. Alarms: an allocation failed; less than PERCENT of a pool is free; steps came in the wrong
order; growth turned out to be a leak. Each alarm prints a line to standard error.

`teeleak dump --dir DIR` requests a dump while it runs.

Examples:
  teeleak watch --dir /var/lib/teeleak --metrics 9469
  teeleak watch --dir /var/lib/teeleak --protocol drm.toml --on-alarm 'logger \"$TEELEAK_REASON\"'
  teeleak watch --dir /var/lib/teeleak --with normal-world")]
pub(crate) struct Arguments {
    /// Directory of the window and the dumps.
    #[arg(long, value_name = "DIR")]
    dir: PathBuf,
    /// Seconds between two polls of the pools.
    #[arg(long, value_name = "SECONDS", default_value_t = 1)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=3600))]
    poll: u32,
    /// Seconds between two full snapshots.
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=86_400))]
    census: u32,
    /// Maximum bytes on disk, with KiB, MiB or GiB; at least 1MiB.
    #[arg(long, value_name = "SIZE", default_value = "16MiB", value_parser = size)]
    max_bytes: u64,
    /// Alarm when less than this percentage of a pool is free.
    #[arg(long, value_name = "PERCENT", default_value_t = 10)]
    #[arg(value_parser = clap::value_parser!(u8).range(0..=100))]
    low_water: u8,
    /// Run this shell command at each alarm, with TEELEAK_REASON and TEELEAK_DUMP (a file) set; one at a
    /// time, for at most a minute.
    #[arg(long, value_name = "CMD")]
    on_alarm: Option<String>,
    /// Serve OpenMetrics at this address and port; a port alone means 127.0.0.1.
    #[arg(long, value_name = "ADDR", value_parser = address)]
    metrics: Option<SocketAddr>,
    /// Write the metrics to this file at each poll, for node_exporter's textfile collector; better in
    /// memory than on flash.
    #[arg(long, value_name = "FILE")]
    metrics_file: Option<PathBuf>,
    /// Alarm when this protocol is violated: a file, or a built-in protocol by name (repeatable).
    #[arg(long, value_name = "FILE", value_parser = BuiltIn::Protocol)]
    protocol: Vec<PathBuf>,
    /// Show a live screen: pools, growing sites, TAs, sessions, events and alarms. `?` lists the keys.
    /// The output of CMD is discarded.
    #[arg(long)]
    tui: bool,
    #[command(flatten)]
    known: TriageArgs,
    #[command(flatten)]
    with: NormalWorldArgs,
    #[command(flatten)]
    ways: StockArgs,
}

pub(crate) fn run(arguments: &Arguments, env: &mut Env<'_>) -> Result<Exit> {
    // Before the folder is locked and the TEE is opened.
    let console = arguments.tui.then(|| (env.console)()).transpose()?;
    let settings = WatchSettings {
        poll: Duration::from_secs(arguments.poll.into()),
        census: Duration::from_secs(arguments.census.into()),
        most_bytes: arguments.max_bytes,
        low_water: arguments.low_water,
        command: arguments.on_alarm.clone(),
        heard: console.is_none(),
        options: options(arguments)?,
        metrics: MetricsTargets {
            address: arguments.metrics,
            file: arguments.metrics_file.clone(),
        },
        normal: arguments.with.normal_world().then(|| env.root.clone()),
    };
    let ways = arguments.ways.ways();
    let tee = (&ways, env.world);
    let Some(console) = console else {
        let outputs: (&mut dyn Write, &mut dyn Viewer) = (&mut LossyWriter(env.err), &mut NoViewer);
        Watch::start(&arguments.dir, settings, tee, outputs)?.run(env.interrupt.heed())?;
        return Ok(Exit::Clean);
    };
    let messages = MessageLog::default();
    let result = {
        let display_options = (env.screen.unicode, arguments.low_water);
        let mut tui = Tui::new(console, messages.clone(), &arguments.dir, display_options);
        Watch::start(&arguments.dir, settings, tee, (&mut messages.clone(), &mut tui))
            .and_then(|mut watch| watch.run(env.interrupt.heed()))
    };
    // The screen is closed: print its messages again.
    messages.repeat(&mut LossyWriter(env.err))?;
    result.map(|()| Exit::Clean)
}

/// A stream whose write errors are ignored: a watch continues without a reader, or on a full disk.
struct LossyWriter<'w>(&'w mut dyn Write);

impl Write for LossyWriter<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let _ = self.0.write_all(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let _ = self.0.flush();
        Ok(())
    }
}

fn options(arguments: &Arguments) -> Result<Options> {
    let mut options = Options { needs: Needs::STOCK, ..Options::default() };
    options.growth.notes = false;
    for path in &arguments.protocol {
        options.protocols.extend(protocols(path)?);
    }
    options.triage = arguments.known.triage()?;
    Ok(options)
}

/// `9469`, `10.0.0.2:9469`.
fn address(text: &str) -> Result<SocketAddr> {
    let local = || Some(SocketAddr::from((Ipv4Addr::LOCALHOST, text.parse().ok()?)));
    let address = text.parse().ok().or_else(local);
    address.ok_or_else(|| anyhow!("expected an address such as 127.0.0.1:9469, or a port"))
}

/// `16MiB`, `65536`.
fn size(text: &str) -> Result<u64> {
    let units = [("KiB", 10), ("MiB", 20), ("GiB", 30), ("", 0)];
    let unit = units.iter().find_map(|(name, shift)| Some((text.strip_suffix(name)?, shift)));
    let bytes =
        unit.and_then(|(digits, shift)| digits.parse::<u64>().ok()?.checked_mul(1 << shift));
    let size_error =
        || anyhow!("expected a size such as 16MiB, at least {} bytes", text::number(LEAST_BYTES));
    bytes.filter(|bytes| *bytes >= LEAST_BYTES).ok_or_else(size_error)
}

#[cfg(test)]
mod tests {
    use super::{address, size};

    #[test]
    fn addresses() {
        assert_eq!(address("9469").unwrap().to_string(), "127.0.0.1:9469");
        assert_eq!(address("[::1]:80").unwrap().to_string(), "[::1]:80");
        assert!(address("localhost").is_err() && address("70000").is_err());
    }

    #[test]
    fn sizes() {
        assert_eq!(size("16MiB").unwrap(), 16 << 20);
        assert_eq!(size("2097152").unwrap(), 2 << 20);
        assert!(size("1KiB").is_err() && size("many").is_err() && size("99999999999GiB").is_err());
    }
}
