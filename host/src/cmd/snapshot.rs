//! `teeleak snapshot`

use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};
use clap::Args;
use teeleak_analysis::model::{Observation, Sample};

use crate::{
    Blind, Env, Exit,
    capture::Writer,
    cli::Format,
    render::{json, text},
    source::{self, live::Snapshot},
};

/// Arguments of `teeleak snapshot`.
#[derive(Args, Debug)]
#[command(after_help = "\
Exits with 3 when nothing could be seen. Parts that could not be seen are named.

Examples:
  teeleak snapshot
  teeleak snapshot -o before.tlk && ./play.sh && teeleak snapshot -o after.tlk
  teeleak diff before.tlk after.tlk")]
pub(crate) struct Arguments {
    /// Write the census to a capture file, too.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Sites to show.
    #[arg(long, value_name = "N", default_value_t = 20)]
    top: usize,
    #[command(flatten)]
    format: Format,
}

pub(crate) fn run(arguments: &Arguments, env: &mut Env<'_>) -> Result<Exit> {
    let device = env.world.connect()?;
    let file = create(arguments.output.as_ref())?;
    let observation = source::observe(&mut Snapshot::new(device), file)?;
    let sample = last_sample(&observation)?;
    if arguments.format.json {
        json::snapshot::write(&observation, sample, env.out)?;
    } else {
        text::snapshot::write(&observation, sample, arguments.top, env.out)?;
    }
    let seen = sample.sites.seen().is_some() || sample.instances.seen().is_some();
    Ok(if seen { Exit::Clean } else { Exit::Blind })
}

/// The capture file that was asked for.
pub(super) fn create(path: Option<&PathBuf>) -> Result<Option<Writer>> {
    path.map(|path| {
        Writer::create(path).with_context(|| format!("cannot write {}", path.display()))
    })
    .transpose()
}

/// The sample that counts when there is but one moment to look at.
pub(super) fn last_sample(observation: &Observation) -> Result<&Sample> {
    let Some(sample) = observation.samples.last() else {
        bail!(Blind("no census was recorded".into()));
    };
    Ok(sample)
}
