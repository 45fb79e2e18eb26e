//! `teeleak snapshot`

use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};
use clap::Args;
use teeleak_analysis::model::{Completeness, Instance, Observation, Sample};

use crate::{
    capture::CaptureWriter,
    cmd::args::{format::Format, normal_world::NormalWorldArgs, tee_access::StockArgs},
    env::Env,
    error::NotObservable,
    exit::Exit,
    render::{
        json,
        normal_world::Holdings,
        text::{self, TextPage},
    },
    source::{self, live::Snapshot},
};

/// Arguments of `teeleak snapshot`.
#[derive(Args, Debug)]
#[command(after_help = "\
Exits with 3 when nothing could be observed. Parts that could not be observed are listed. Without
the PTA it shows what stock OP-TEE provides; allocation sites then need --console.

Examples:
  teeleak snapshot
  teeleak snapshot -o before.tlk && ./play.sh && teeleak snapshot -o after.tlk
  teeleak diff before.tlk after.tlk
  teeleak snapshot --console /dev/ttyUSB0
  teeleak snapshot --with normal-world")]
pub(crate) struct Arguments {
    /// Write the snapshot to a capture file, too.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Number of sites to show.
    #[arg(long, value_name = "N", default_value_t = 20)]
    top: usize,
    #[command(flatten)]
    format: Format,
    #[command(flatten)]
    with: NormalWorldArgs,
    #[command(flatten)]
    ways: StockArgs,
}

pub(crate) fn run(arguments: &Arguments, env: &mut Env<'_>) -> Result<Exit> {
    let observer = arguments.with.reach(&arguments.ways.ways(), env)?;
    let file = create(arguments.output.as_ref())?;
    let observation = source::observe(&mut Snapshot::new(observer), file)?;
    let holdings = Holdings::from_observation(&observation);
    let holdings = holdings.as_ref();
    let sample = match holdings {
        Some(_) => observation.samples.last(),
        None => Some(last_sample(&observation)?),
    };
    if arguments.format.json {
        json::snapshot::write(&observation, sample, holdings, env.out)?;
    } else {
        let page = &mut TextPage::new(env.out, env.screen.layout(false));
        text::snapshot::write(&observation, sample, holdings, arguments.top, page)?;
    }
    // A TEE that is present must be observed, too.
    let unreached = observation.platform.no_tee.as_ref().is_some_and(|none| none.there);
    let is_observed = sample.is_none_or(is_seen) && !unreached;
    Ok(if is_observed { Exit::Clean } else { Exit::Blind })
}

/// Whether live objects were observed: counters alone don't show them.
fn is_seen(sample: &Sample) -> bool {
    let has_regions = |instance: &Instance| instance.regions.value().is_some();
    let instances = match &sample.instances {
        Completeness::Complete(_) => true,
        Completeness::Counted(instances, _) | Completeness::Partial(instances, _) => {
            instances.iter().any(has_regions)
        }
        Completeness::Unobserved(_) => false,
    };
    instances || sample.sites.value().is_some()
}

/// Creates the requested capture file.
pub(super) fn create(path: Option<&PathBuf>) -> Result<Option<CaptureWriter>> {
    path.map(|path| {
        CaptureWriter::create(path).with_context(|| format!("cannot write {}", path.display()))
    })
    .transpose()
}

/// The sample to use when only one moment is shown: the last one.
pub(super) fn last_sample(observation: &Observation) -> Result<&Sample> {
    let Some(sample) = observation.samples.last() else {
        bail!(NotObservable("no snapshot was recorded".into()));
    };
    Ok(sample)
}
