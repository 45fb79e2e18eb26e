//! `teeleak diff`

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use clap::Args;
use teeleak_analysis::{audit::audit, model::Observation};

use super::snapshot::last_sample;
use crate::{
    cmd::args::analysis::Analysis,
    compare::{runs, snapshots},
    env::Env,
    exit::Exit,
    render::{json, text},
    source::{self, CaptureFile},
};

/// Arguments of `teeleak diff`.
#[derive(Args, Debug)]
#[command(after_help = "\
Compares the last snapshot of each capture with that of the first. More live objects are growth;
only a run can show whether it is a leak: `teeleak run`.

With --good, the captures are runs of the same workload on other builds, and their findings are
compared with those of a known-good build. Only new or worse findings affect the exit code.

Examples:
  teeleak diff before.tlk after.tlk
  teeleak diff monday.tlk tuesday.tlk wednesday.tlk
  teeleak diff --good release.tlk candidate.tlk")]
pub(crate) struct Arguments {
    /// Captures, oldest first.
    #[arg(value_name = "FILE", required = true)]
    captures: Vec<PathBuf>,
    /// A run of the same workload on a known-good build.
    #[arg(long, value_name = "FILE")]
    good: Option<PathBuf>,
    /// Compare captures from different boots, although instances and sessions are numbered differently.
    #[arg(long)]
    across_boots: bool,
    #[command(flatten)]
    analysis: Analysis,
}

pub(crate) fn run(arguments: &Arguments, env: &mut Env<'_>) -> Result<Exit> {
    match &arguments.good {
        Some(good) => with_good(arguments, good, env),
        None => growth(arguments, env),
    }
}

/// Growth from the first capture to the last.
fn growth(arguments: &Arguments, env: &mut Env<'_>) -> Result<Exit> {
    if arguments.captures.len() < 2 {
        bail!("expected two or more captures, found one: add a capture, or use --good FILE");
    }
    let observations: Vec<_> =
        arguments.captures.iter().map(|path| load(path)).collect::<Result<_>>()?;
    for (path, observation) in arguments.captures.iter().zip(&observations).skip(1) {
        check_boots(arguments, (&arguments.captures[0], &observations[0]), (path, observation))?;
    }
    let samples = observations.iter().map(last_sample).collect::<Result<Vec<_>>>()?;
    let difference = snapshots::samples(&samples);
    if arguments.analysis.format().json {
        json::diff::write(&difference, env.out)?;
    } else {
        text::diff::write(&difference, &mut arguments.analysis.page(env))?;
    }
    Ok(if difference.compared { Exit::Clean } else { Exit::Blind })
}

/// Findings of each run that the known-good build does not have.
fn with_good(arguments: &Arguments, good: &Path, env: &mut Env<'_>) -> Result<Exit> {
    let options = arguments.analysis.options()?;
    let good_report = audit(&mut load(good)?, &options);
    let mut exit = Exit::Clean;
    let mut compared = Vec::new();
    for path in &arguments.captures {
        let report = audit(&mut load(path)?, &options);
        let difference = runs::compare(&good_report, report);
        exit = exit.or(difference.conclusion().into());
        compared.push((path.display().to_string(), difference));
    }
    let good = good.display().to_string();
    if arguments.analysis.format().json {
        json::differential::write(&good, &compared, exit, env.out)?;
    } else {
        text::differential::write(&good, &compared, &mut arguments.analysis.page(env))?;
    }
    Ok(exit)
}

/// Reads a whole capture.
pub(super) fn load(path: &Path) -> Result<Observation> {
    source::observe(&mut CaptureFile::open(path)?, None)
}

fn check_boots(
    arguments: &Arguments,
    before: (&PathBuf, &Observation),
    after: (&PathBuf, &Observation),
) -> Result<()> {
    if before.1.platform.boot == after.1.platform.boot || arguments.across_boots {
        return Ok(());
    }
    bail!(
        "{} and {} are from different boots, so their live objects can't be matched; use \
         --across-boots to compare anyway",
        before.0.display(),
        after.0.display()
    )
}
