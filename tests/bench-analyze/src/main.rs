//! `teeleak analyze` beside what else one would take: ripgrep, a mawk script, lnav and OP-TEE's own
//! symbolize.py, on the same log in the same run.
//!
//! Wall clock and CPU time are the best of several rounds, in which all take turns, so that what else the
//! machine does falls on all alike.

mod bounds;
mod hostile;
mod log;
mod mixed;
mod peers;

use std::{
    env,
    fs::File,
    io::{self, BufWriter, Write},
    path::PathBuf,
    process::Command,
};

use anyhow::{Context as _, Result, bail};
use clap::Parser;
use peers::Peer;
use teeleak_bench_measure::{self as measure, Taken};

const MEGABYTE: f64 = 1e6;
const MEBIBYTE: f64 = 1_048_576.0;

/// Most memory that reading a text may take.
const PEAK_MIB: f64 = 64.0;

/// How fast logs are read.
#[derive(Parser, Debug)]
struct Args {
    /// Size of the log, in MB
    #[arg(long, default_value_t = 200)]
    megabytes: u64,
    /// Size of the log that is only piped through, in MB
    #[arg(long, default_value_t = 2000)]
    piped: u64,
    /// Rounds
    #[arg(long, default_value_t = 5)]
    rounds: u32,
    /// OP-TEE's scripts/symbolize.py
    #[arg(long)]
    symbolize: Option<PathBuf>,
    /// End with an error when a requirement is not met
    #[arg(long)]
    check: bool,
    /// Read texts of this size, in MB, that have one thing without end, and see that memory stays bounded
    #[arg(long)]
    hostile: Option<u64>,
    /// Of these texts only those with this in their names
    #[arg(long, default_value = "")]
    only: String,
}

/// A text, and its size.
struct TextFile {
    path: PathBuf,
    bytes: u64,
}

/// What is read.
struct Logs {
    /// Nearly all of it dumps.
    dumps: TextFile,
    /// The same, for those that are slow.
    part: TextFile,
    /// All that a device prints.
    mixed: TextFile,
}

fn main() -> Result<()> {
    let args = Args::parse();
    let ours = build()?;
    if let Some(megabytes) = args.hostile {
        return bounds::check(&ours, megabytes, &args.only);
    }
    let bytes = args.megabytes * 1_000_000;
    let logs = Logs {
        dumps: generate("dumps", bytes, log::write)?,
        part: generate("part", bytes.min(20_000_000), log::write)?,
        mixed: generate("mixed", bytes, mixed::write)?,
    };
    let peers = peers::list(&args, &ours, &logs);
    let taken = take_turns(&peers, args.rounds)?;
    println!("{:22} {:>8} {:>9} {:>9} {:>9}", "", "MB", "MB/s", "MB/cpu-s", "peak MiB");
    for (peer, taken) in peers.iter().zip(&taken) {
        line(peer.name, peer.bytes, *taken);
    }
    let piped = args.piped * 1_000_000;
    let big = measure::feed(Command::new(&ours).args(["analyze", "--threads", "2", "-"]), |out| {
        log::write(piped, &mut BufWriter::with_capacity(1 << 20, out))
    })?;
    line("teeleak, piped", piped, big);
    for log in [&logs.dumps, &logs.part, &logs.mixed] {
        std::fs::remove_file(&log.path)?;
    }
    judge(&peers, &taken, big, args.check)
}

/// Builds the program as it is shipped.
fn build() -> Result<PathBuf> {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let status =
        Command::new(cargo).args(["build", "--quiet", "--release", "-p", "teeleak"]).status()?;
    if !status.success() {
        bail!("cannot build teeleak ({status})");
    }
    Ok(env::current_exe()?.with_file_name("teeleak"))
}

fn generate(
    name: &str,
    bytes: u64,
    write: impl Fn(u64, &mut dyn Write) -> io::Result<()>,
) -> Result<TextFile> {
    let path = env::temp_dir().join(format!("teeleak-bench-{name}.log"));
    let file = File::create(&path).with_context(|| format!("cannot create {}", path.display()))?;
    write(bytes, &mut BufWriter::with_capacity(1 << 20, file))?;
    let bytes = path.metadata()?.len();
    Ok(TextFile { path, bytes })
}

fn take_turns(peers: &[Peer], rounds: u32) -> Result<Vec<Taken>> {
    let mut best: Vec<Option<Taken>> = peers.iter().map(|_| None).collect();
    for round in 0..rounds {
        for (peer, best) in peers.iter().zip(&mut best).filter(|(peer, _)| round < peer.rounds) {
            let mut command = Command::new(&peer.command[0]);
            command.args(&peer.command[1..]);
            command.stdin(match &peer.piped {
                Some(path) => measure::input(path)?,
                None => std::process::Stdio::null(),
            });
            let taken = measure::run(&mut command, None)?;
            *best = Some(best.map_or(taken, |best| best.best(taken)));
        }
    }
    best.into_iter().map(|best| best.context("no round was run")).collect()
}

fn line(name: &str, bytes: u64, taken: Taken) {
    let megabytes = bytes as f64 / MEGABYTE;
    println!(
        "{name:22} {megabytes:>8.0} {:>9.0} {:>9.0} {:>9.1}",
        megabytes / taken.wall,
        megabytes / taken.cpu.max(0.01),
        taken.peak_bytes as f64 / MEBIBYTE
    );
}

/// Says which requirements are met.
fn judge(peers: &[Peer], taken: &[Taken], big: Taken, check: bool) -> Result<()> {
    let of = |name: &str| {
        let at = peers.iter().position(|peer| peer.name.starts_with(name))?;
        Some((peers[at].bytes as f64 / taken[at].wall, taken[at].peak_bytes))
    };
    let mut met = true;
    let mut say = |what: &str, ratio: Option<f64>, least: f64| {
        let Some(ratio) = ratio else { return };
        met &= ratio >= least;
        let verdict = if ratio >= least { "met" } else { "MISSED" };
        println!("{what}: {ratio:.1}x, required {least}x: {verdict}");
    };
    let ratio = |a: &str, b: &str| Some(of(a)?.0 / of(b)?.0);
    say("1 thread against rg -o", ratio("teeleak, 1", "rg"), 2.0);
    say("2 threads against rg -o", ratio("teeleak, 2", "rg"), 3.5);
    say("mixed, 1 thread against rg -o", ratio("mixed: teeleak, 1", "mixed: rg"), 0.6);
    say("1 thread against mawk, full parse", ratio("teeleak, 1", "mawk, full"), 10.0);
    let peak = of("teeleak, 2").map_or(0, |(_, peak)| peak).max(big.peak_bytes) as f64 / MEBIBYTE;
    met &= peak <= PEAK_MIB;
    println!(
        "peak memory: {peak:.1} MiB, required at most {PEAK_MIB} MiB: {}",
        if peak <= PEAK_MIB { "met" } else { "MISSED" }
    );
    if check && !met {
        bail!("a requirement is not met");
    }
    Ok(())
}
