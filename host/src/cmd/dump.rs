//! `teeleak dump`

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use teeleak_analysis::oom;

use super::report::Analysis;
use crate::{
    Env, Exit,
    last::{self, Taken},
    render::{json, text},
    source::Ways,
};

/// Where the service of `teeleak watch` keeps its window.
const FOLDER: &str = "/var/lib/teeleak";

/// Arguments of `teeleak dump`.
#[derive(Args, Debug)]
#[command(after_help = "\
Asks the `teeleak watch` that runs with this DIR, which holds its session from before. Where none
runs it asks the TA itself; where that can't be opened any more, it takes what can still be had:
counters of the statistics PTA, the last window in DIR, what the kernel says. What could not be had
is told with the reason. Exits with 1 for a leak, 4 for steps in the wrong order, 3 when nothing was
seen or a pool ran out for a reason that is not decided.

Examples:
  teeleak dump
  teeleak dump -o now.tlk --dir /var/lib/teeleak")]
pub(crate) struct Arguments {
    /// Write what was taken to a capture file, too.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// The folder of `teeleak watch`.
    #[arg(long, value_name = "DIR", default_value = FOLDER)]
    dir: PathBuf,
    #[command(flatten)]
    analysis: Analysis,
    #[command(flatten)]
    ways: Ways,
}

pub(crate) fn run(arguments: &Arguments, env: &mut Env<'_>) -> Result<Exit> {
    let options = arguments.analysis.options()?;
    let output = arguments.output.as_deref();
    let taken = last::take(&arguments.dir, output, &arguments.ways, env.world)?;
    let report = taken.observation().map(|observation| oom::audit(observation, &options));
    let findings = report.as_ref().map(|report| report.findings.as_slice()).unwrap_or_default();
    let verdict = taken.observation().map(|seen| oom::judge(seen, taken.now(), findings));
    if arguments.analysis.format().json {
        json::dump::write(&taken, verdict.as_ref(), findings, env.out)?;
    } else {
        text::dump::write(&taken, verdict.as_ref(), findings, env.out)?;
    }
    Ok(exit(&taken, verdict.as_ref(), report.map(|report| report.exit.into())))
}

/// What is found counts; otherwise a pool that ran out for an unknown reason is not decided.
fn exit(taken: &Taken, verdict: Option<&oom::Verdict>, audited: Option<Exit>) -> Exit {
    match (audited, verdict) {
        (Some(found @ (Exit::Leak | Exit::Order)), _) => found,
        (_, Some(verdict)) if taken.is_complete() && verdict.short.is_empty() => Exit::Clean,
        _ => Exit::Blind,
    }
}
