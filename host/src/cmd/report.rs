//! `teeleak report`

use std::{io::Write, path::PathBuf};

use anyhow::Result;
use clap::Args;
use teeleak_analysis::model::Observation;

use super::diff::load;
use crate::{
    Env, Exit,
    cli::Format,
    render::{json, text},
    told,
};

/// Arguments of `teeleak report`.
#[derive(Args, Debug)]
#[command(after_help = "\
Says the same of a capture as the run that wrote it did, or something else with other options.

Example:
  teeleak report --protocol drm.toml loop.tlk")]
pub(crate) struct Arguments {
    /// A capture that `teeleak run -o` wrote.
    #[arg(value_name = "FILE")]
    capture: PathBuf,
    #[command(flatten)]
    analysis: Analysis,
}

/// How an observation is analysed.
#[derive(Args, Debug)]
pub(crate) struct Analysis {
    /// Check the order of steps that this file describes; can be given again.
    #[arg(long, value_name = "FILE")]
    protocol: Vec<PathBuf>,
    #[command(flatten)]
    format: Format,
}

/// Options of the analyses.
pub(crate) struct Options;

impl Analysis {
    pub(crate) fn options(&self) -> Result<Options> {
        let _ = &self.protocol;
        Ok(Options)
    }

    pub(crate) fn format(&self) -> Format {
        self.format
    }
}

pub(crate) fn run(arguments: &Arguments, env: &mut Env<'_>) -> Result<Exit> {
    let options = arguments.analysis.options()?;
    let observation = load(&arguments.capture)?;
    tell(&observation, &options, arguments.analysis.format, env.out)
}

/// Analyses an observation and prints what comes of it.
pub(crate) fn tell(
    observation: &Observation,
    _options: &Options,
    format: Format,
    out: &mut dyn Write,
) -> Result<Exit> {
    let findings = teeleak_analysis::growth::findings(observation, &Default::default());
    let told = told::tell(observation, &findings);
    if format.json {
        json::report::write(&told, out)?;
    } else {
        text::report::write(&told, out)?;
    }
    Ok(told.exit)
}
