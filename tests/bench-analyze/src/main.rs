//! `teeleak analyze` beside what else one would take: ripgrep, a mawk script, lnav and OP-TEE's own
//! symbolize.py, on the same log in the same run.
//!
//! Wall clock and CPU time are the best of several rounds, in which all take turns, so that what else the
//! machine does falls on all alike.

mod log;

use std::{
    env,
    fs::File,
    io::BufWriter,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, Result, bail};
use clap::Parser;
use teeleak_bench_measure::{self as measure, Taken};

const MEGABYTE: f64 = 1e6;
const MEBIBYTE: f64 = 1_048_576.0;

/// What an engineer's script does to get the same facts: records by dump, regions by map, sessions.
const AWK: &str = include_str!("full.awk");

/// As little as a script can do: records by site, without looking at what they are.
const AWK_FIELDS: &str = r#"
{ at = index($0, "buffer: ")
  if (at == 0) next
  if (index($0, "count: 1,")) dump++
  split(substr($0, at + 8), part, " ")
  n[dump, part[1], part[3]]++ }
END { for (key in n) sum++; print sum, dump }"#;

/// The same question to lnav, over all dumps at once.
const SQL: &str = r";SELECT regexp_match('buffer: (\d+) bytes (\S+:\d+)', log_raw_text) AS site, count(*) FROM all_logs GROUP BY site";

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
}

/// One of those that take turns.
struct Peer {
    name: &'static str,
    /// Whether it reads its standard input.
    piped: bool,
    /// Rounds that it takes part in: the slow ones only in the first.
    rounds: u32,
    /// Bytes that it is given; the slow ones get less.
    bytes: u64,
    command: Vec<String>,
}

fn main() -> Result<()> {
    let args = Args::parse();
    let ours = build()?;
    let whole = env::temp_dir().join("teeleak-bench-analyze.log");
    let part = env::temp_dir().join("teeleak-bench-analyze-part.log");
    let bytes = generate(&whole, args.megabytes * 1_000_000)?;
    let part_bytes = generate(&part, (args.megabytes * 1_000_000).min(20_000_000))?;
    let peers = peers(&args, &ours, (&whole, bytes), (&part, part_bytes));
    let taken = take_turns(&peers, args.rounds, &whole, &part)?;
    println!("{:22} {:>8} {:>9} {:>9} {:>9}", "", "MB", "MB/s", "MB/cpu-s", "peak MiB");
    for (peer, taken) in peers.iter().zip(&taken) {
        line(peer.name, peer.bytes, *taken);
    }
    let piped = args.piped * 1_000_000;
    let big = measure::feed(Command::new(&ours).args(["analyze", "--threads", "2", "-"]), |out| {
        log::write(piped, &mut BufWriter::with_capacity(1 << 20, out))
    })?;
    line("teeleak, piped", piped, big);
    for path in [&whole, &part] {
        std::fs::remove_file(path)?;
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

fn generate(path: &Path, bytes: u64) -> Result<u64> {
    let file = File::create(path).with_context(|| format!("cannot create {}", path.display()))?;
    log::write(bytes, &mut BufWriter::with_capacity(1 << 20, file))?;
    Ok(path.metadata()?.len())
}

fn peers(args: &Args, ours: &Path, whole: (&Path, u64), part: (&Path, u64)) -> Vec<Peer> {
    let (log, bytes) = (whole.0.display().to_string(), whole.1);
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
    let ours = ours.display().to_string();
    let all = args.rounds;
    let rg = r"buffer: \d+ bytes \S+:\d+";
    let peer = |name, rounds, bytes, command| Peer { name, piped: false, rounds, bytes, command };
    let mut peers = vec![
        peer("teeleak, 1 thread", all, bytes, words(&[&ours, "analyze", "--threads", "1", &log])),
        peer("teeleak, 2 threads", all, bytes, words(&[&ours, "analyze", "--threads", "2", &log])),
        peer("rg -o (extract)", all, bytes, words(&["rg", "-o", rg, &log])),
        peer("mawk, full parse", 1, bytes, words(&["mawk", AWK, &log])),
        peer("mawk, fields only", 2, bytes, words(&["mawk", AWK_FIELDS, &log])),
    ];
    let part_log = part.0.display().to_string();
    peers.push(peer("lnav (group)", 1, part.1, words(&["lnav", "-n", "-c", SQL, &part_log])));
    if let Some(script) = &args.symbolize {
        let command = words(&["python3", &script.display().to_string()]);
        peers.push(Peer { piped: true, ..peer("symbolize.py (copy)", 1, part.1, command) });
    }
    peers.retain(|peer| {
        let there = find(&peer.command[0]);
        if !there {
            eprintln!("{} is not installed: left out", peer.command[0]);
        }
        there
    });
    peers
}

fn find(program: &str) -> bool {
    let path = env::var_os("PATH").unwrap_or_default();
    Path::new(program).is_absolute()
        || env::split_paths(&path).any(|dir| dir.join(program).is_file())
}

fn take_turns(peers: &[Peer], rounds: u32, whole: &Path, part: &Path) -> Result<Vec<Taken>> {
    let mut best: Vec<Option<Taken>> = peers.iter().map(|_| None).collect();
    for round in 0..rounds {
        for (peer, best) in peers.iter().zip(&mut best).filter(|(peer, _)| round < peer.rounds) {
            let mut command = Command::new(&peer.command[0]);
            command.args(&peer.command[1..]);
            let path = if peer.bytes == whole.metadata()?.len() { whole } else { part };
            command.stdin(if peer.piped {
                measure::input(path)?
            } else {
                std::process::Stdio::null()
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
    say("1 thread against mawk, full parse", ratio("teeleak, 1", "mawk, full"), 10.0);
    let peak = of("teeleak, 2").map_or(0, |(_, peak)| peak).max(big.peak_bytes) as f64 / MEBIBYTE;
    met &= peak <= 64.0;
    println!(
        "peak memory: {peak:.1} MiB, required at most 64 MiB: {}",
        if peak <= 64.0 { "met" } else { "MISSED" }
    );
    if check && !met {
        bail!("a requirement is not met");
    }
    Ok(())
}
