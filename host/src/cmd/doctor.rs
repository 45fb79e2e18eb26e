//! `teeleak doctor`

use anyhow::Result;
use clap::Args;

use crate::{
    Env, Exit,
    cli::Format,
    diagnose::diagnose,
    render::{json, text},
};

/// Arguments of `teeleak doctor`.
#[derive(Args, Debug)]
#[command(after_help = "\
Exits with 0 when teeleak can observe this TEE, 3 when it can't. For each thing that is missing it
names the build flag that brings it.

Example:
  teeleak doctor --json")]
pub(crate) struct Arguments {
    #[command(flatten)]
    format: Format,
}

pub(crate) fn run(arguments: &Arguments, env: &mut Env<'_>) -> Result<Exit> {
    let diagnosis = diagnose(env.world);
    if arguments.format.json {
        json::doctor::write(&diagnosis, env.out)?;
    } else {
        text::doctor::write(&diagnosis, env.out)?;
    }
    Ok(if diagnosis.can_observe { Exit::Clean } else { Exit::Blind })
}
