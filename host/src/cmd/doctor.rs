//! `teeleak doctor`

use anyhow::Result;
use clap::Args;

use crate::{
    cmd::args::{format::Format, tee_access::StockArgs},
    config::Configuration,
    diagnose::{Check, CheckId, State, Surroundings, cost, diagnose},
    env::Env,
    exit::Exit,
    render::{
        json,
        text::{self, TextPage},
    },
};

/// Arguments of `teeleak doctor`.
#[derive(Args, Debug)]
#[command(after_help = "\
Exits with 0 when teeleak can observe this TEE, 3 when it can't. Shows the build flag that enables
each missing feature.

Examples:
  teeleak doctor --json
  teeleak doctor --cost 100
  teeleak doctor --console kmsg")]
pub(crate) struct Arguments {
    #[command(flatten)]
    format: Format,
    /// Take N snapshots, too, and show how long each takes and holds the malloc lock.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    cost: Option<u32>,
    #[command(flatten)]
    ways: StockArgs,
}

pub(crate) fn run(
    arguments: &Arguments,
    configuration: &Configuration,
    env: &mut Env<'_>,
) -> Result<Exit> {
    let around = Surroundings { root: &env.root, library: env.preload.as_deref() };
    let mut diagnosis = diagnose(env.world, &arguments.ways.ways(), around)?;
    diagnosis.checks.extend(configuration.descriptions().into_iter().map(check));
    let cost = match arguments.cost.filter(|_| diagnosis.has_auditor) {
        Some(n) => Some(cost::measure(env.world.connect()?, n, env.interrupt.heed())?),
        None => None,
    };
    if arguments.format.json {
        json::doctor::write(&diagnosis, cost, env.out)?;
    } else {
        let page = &mut TextPage::new(env.out, env.screen.layout(false));
        text::doctor::write(&diagnosis, cost, page)?;
    }
    Ok(if diagnosis.can_observe { Exit::Clean } else { Exit::Blind })
}

/// The check that shows a configuration file.
fn check(detail: String) -> Check {
    Check {
        id: CheckId::Config,
        brings: "default values of options",
        state: State::Present,
        detail,
        remedy: None,
    }
}
