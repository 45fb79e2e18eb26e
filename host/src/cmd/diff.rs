//! `teeleak diff`

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use clap::Args;
use teeleak_analysis::model::Observation;

use super::snapshot::last_sample;
use crate::{
    Env, Exit,
    cli::Format,
    compare,
    render::{json, text},
    source::{self, CaptureFile},
};

/// Arguments of `teeleak diff`.
#[derive(Args, Debug)]
#[command(after_help = "\
Compares the last census of each capture. What is there twice as often has grown; whether it is a
leak takes a run: `teeleak run`.

Example:
  teeleak diff before.tlk after.tlk")]
pub(crate) struct Arguments {
    /// The earlier capture.
    #[arg(value_name = "A")]
    before: PathBuf,
    /// The later capture.
    #[arg(value_name = "B")]
    after: PathBuf,
    /// Compare captures of two boots: instances and sessions have other numbers there.
    #[arg(long)]
    across_boots: bool,
    #[command(flatten)]
    format: Format,
}

pub(crate) fn run(arguments: &Arguments, env: &mut Env<'_>) -> Result<Exit> {
    let before = load(&arguments.before)?;
    let after = load(&arguments.after)?;
    check_boots(arguments, &before, &after)?;
    let difference = compare::samples(last_sample(&before)?, last_sample(&after)?);
    if arguments.format.json {
        json::diff::write(&difference, env.out)?;
    } else {
        text::diff::write(&difference, env.out)?;
    }
    Ok(if difference.compared { Exit::Clean } else { Exit::Blind })
}

/// Reads a whole capture.
pub(super) fn load(path: &Path) -> Result<Observation> {
    source::observe(&mut CaptureFile::open(path)?, None)
}

fn check_boots(arguments: &Arguments, before: &Observation, after: &Observation) -> Result<()> {
    let (a, b) = (before.platform.boot, after.platform.boot);
    if a == b || arguments.across_boots {
        return Ok(());
    }
    bail!(
        "{} and {} are of two boots: what was alive in one says little about the other; give \
         --across-boots to compare all the same",
        arguments.before.display(),
        arguments.after.display()
    )
}
