//! `cargo xtask bench normal-world`: how fast `teeleak analyze` reads a text of `page_owner` and one of strace,
//! beside `page_owner_sort` of the Linux source and a script in Python that pairs descriptors.
//!
//! Answers are compared first. CPU time is the best of several rounds, in which all take turns.

mod answers;
mod owners;
mod trace;

use std::{
    env,
    fs::{self, File},
    io::{BufWriter, Write as _},
    path::{Path, PathBuf},
    process::{Command, ExitCode},
};

use anyhow::{Context as _, Result, ensure};
use clap::Parser;
use teeleak_bench_measure::{self as measure, Taken};

const MEGABYTE: f64 = 1e6;

/// So many times as fast as each of them is asked for.
const ASKED: f64 = 10.0;

const SCRIPT: &str = include_str!("unclosed.py");

/// How fast texts of the normal world are read.
#[derive(Parser, Debug)]
struct Args {
    /// Size of the text of page_owner, in MB
    #[arg(long, default_value_t = 400)]
    owners: u64,
    /// Size of the text of strace, in MB
    #[arg(long, default_value_t = 100)]
    trace: u64,
    /// Rounds, of which the best counts
    #[arg(long, default_value_t = 5)]
    rounds: u32,
    /// What the random numbers start from
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// page_owner_sort, compiled; without it that part is left out
    #[arg(long)]
    page_owner_sort: Option<PathBuf>,
}

/// Somebody who reads a text: what to call, and where the answer goes.
struct Reader {
    name: &'static str,
    command: Vec<String>,
    out: Option<PathBuf>,
}

fn main() -> Result<ExitCode> {
    let args = Args::parse();
    let ours = build()?;
    let folder = env::temp_dir().join(format!("teeleak-bench-normal-world-{}", std::process::id()));
    fs::create_dir_all(&folder)?;
    let met = compare(&args, &ours, &folder);
    fs::remove_dir_all(&folder)?;
    Ok(if met? { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn compare(args: &Args, ours: &Path, folder: &Path) -> Result<bool> {
    println!("{:22} {:>8} {:>9} {:>9} {:>9}", "", "MB", "CPU s", "MB/cpu-s", "peak MiB");
    let owners = match &args.page_owner_sort {
        Some(sort) => page_owner(args, ours, sort, folder)?,
        None => true,
    };
    Ok(strace(args, ours, folder)? && owners)
}

/// Builds the program as it is shipped.
fn build() -> Result<PathBuf> {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut build = Command::new(cargo);
    let status = build.args(["build", "--quiet", "--release", "-p", "teeleak"]).status()?;
    ensure!(status.success(), "cannot build teeleak ({status})");
    Ok(env::current_exe()?.with_file_name("teeleak"))
}

fn page_owner(args: &Args, ours: &Path, sort: &Path, folder: &Path) -> Result<bool> {
    let (text, sorted) = (folder.join("page_owner.txt"), folder.join("sorted_page_owner.txt"));
    let mut out = BufWriter::new(File::create(&text)?);
    owners::write(args.owners * 1_000_000, args.seed, &mut out)?;
    out.flush()?;
    let peer = [sort, Path::new("--cull=stacktrace"), &text, &sorted];
    let peer = Reader { name: "page_owner_sort", command: words(&peer), out: None };
    let readers = [analyze(ours, "--normal-world", &text), peer];
    let taken = take_turns(&readers, args.rounds)?;
    let (stacks, theirs) = (answers::our_stacks(&text)?, answers::sorted_stacks(&sorted)?);
    let differ = stacks.iter().find(|(stack, counts)| theirs.get(*stack) != Some(counts));
    ensure!(stacks.len() == theirs.len() && differ.is_none(), "not the same stacks: {differ:?}");
    let pages: u64 = stacks.values().map(|(_, pages)| pages).sum();
    let said = format!("{} stacks, {pages} pages", stacks.len());
    judge(&readers, taken, &text, &said)
}

fn strace(args: &Args, ours: &Path, folder: &Path) -> Result<bool> {
    let (text, script) = (folder.join("calls.strace"), folder.join("unclosed.py"));
    let printed = folder.join("unclosed.txt");
    let mut out = BufWriter::new(File::create(&text)?);
    trace::write(args.trace * 1_000_000, args.seed, &mut out)?;
    out.flush()?;
    fs::write(&script, SCRIPT)?;
    let command = words(&[Path::new("python3"), &script, &text]);
    let peer = Reader { name: "Python, re and dict", command, out: Some(printed.clone()) };
    let readers = [analyze(ours, "--strace", &text), peer];
    let taken = take_turns(&readers, args.rounds)?;
    let copies = answers::our_copies(&text)?;
    let theirs = answers::printed_copies(&fs::read_to_string(&printed)?)?;
    let differ = copies.symmetric_difference(&theirs).next();
    ensure!(differ.is_none(), "not the same copies: {differ:?}");
    judge(&readers, taken, &text, &format!("{} copies not closed", copies.len()))
}

/// Gets the kind of the text as an option: like its peers, it looks for nothing else in it.
fn analyze(ours: &Path, option: &str, text: &Path) -> Reader {
    let command = words(&[ours, Path::new("analyze"), Path::new(option), text]);
    Reader { name: "teeleak analyze", command, out: None }
}

fn words(words: &[&Path]) -> Vec<String> {
    words.iter().map(|word| word.display().to_string()).collect()
}

fn take_turns(readers: &[Reader; 2], rounds: u32) -> Result<[Taken; 2]> {
    let mut best: [Option<Taken>; 2] = [None; 2];
    for _ in 0..rounds {
        for (Reader { command, out, .. }, best) in readers.iter().zip(&mut best) {
            let mut program = Command::new(&command[0]);
            let taken = measure::run(program.args(&command[1..]), out.as_deref())?;
            *best = Some(best.map_or(taken, |best| best.best(taken)));
        }
    }
    let [ours, theirs] = best;
    Ok([ours.context("no round was run")?, theirs.context("no round was run")?])
}

/// Prints both, and whether we are as fast as is asked for.
fn judge(readers: &[Reader; 2], taken: [Taken; 2], text: &Path, said: &str) -> Result<bool> {
    let megabytes = text.metadata()?.len() as f64 / MEGABYTE;
    for (reader, Taken { cpu, peak_bytes, .. }) in readers.iter().zip(&taken) {
        let (rate, peak) = (megabytes / cpu.max(0.01), peak_bytes >> 20);
        println!("{:22} {megabytes:>8.0} {cpu:>9.2} {rate:>9.0} {peak:>9}", reader.name);
    }
    let ratio = taken[1].cpu / taken[0].cpu.max(0.01);
    let met = ratio >= ASKED;
    let verdict = if met { "met" } else { "MISSED" };
    println!("both say: {said}");
    println!("against {}: {ratio:.1}x, required {ASKED}x: {verdict}\n", readers[1].name);
    Ok(met)
}
