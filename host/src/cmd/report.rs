//! `teeleak report`

use std::path::PathBuf;

use anyhow::{Result, bail};
use clap::Args;
use teeleak_analysis::{
    audit::{Needs, Options, audit},
    model::Observation,
    pools::oom,
};

use super::{analyze::Images, args::analysis::Reporting, diff::load};
use crate::{
    env::Env,
    exit::Exit,
    render::{json, text, view::ReportView},
    source::text::read_traces,
};

/// Arguments of `teeleak report`.
#[derive(Args, Debug)]
#[command(after_help = "\
Prints the same report as the run that wrote the capture, or another one with other options.

Examples:
  teeleak report --protocol drm.toml loop.tlk
  teeleak report --tee out/core/tee.elf loop.tlk
  teeleak report --strace calls.strace loop.tlk
  teeleak report --perfetto loop.pftrace --csv loop.csv loop.tlk
  teeleak report --json old.tlk > accepted.json; teeleak report --baseline accepted.json new.tlk")]
pub(crate) struct Arguments {
    /// A capture that `teeleak run -o` wrote.
    #[arg(value_name = "FILE")]
    capture: PathBuf,
    /// Correlate the calls in this output of strace with the TEE's events, for a run without recorded
    /// clients; strace -f -T -ttt -e trace=ioctl,%process is sufficient (repeatable).
    #[arg(long, value_name = "TEXT")]
    strace: Vec<PathBuf>,
    #[command(flatten)]
    images: Images,
    #[command(flatten)]
    reporting: Reporting,
}

pub(crate) fn run(arguments: &Arguments, env: &mut Env<'_>) -> Result<Exit> {
    let options = arguments.reporting.analysis.options()?;
    let symbols = arguments.images.symbols()?;
    let mut observation = load(&arguments.capture)?;
    if !arguments.strace.is_empty() {
        trace(&arguments.strace, &mut observation)?;
    }
    symbols.resolve(&mut observation);
    print(&mut observation, &options, &arguments.reporting, env)
}

/// Adds the calls in the output of strace to the observation.
fn trace(paths: &[PathBuf], observation: &mut Observation) -> Result<()> {
    if !observation.clients.processes.is_empty() {
        bail!(
            "the capture already has recorded clients: use --strace with one of `teeleak run --no-clients`"
        );
    }
    if let Some(strace_calls) = read_traces(paths)? {
        strace_calls.add_to(observation);
    }
    Ok(())
}

/// Analyses an observation and prints its report.
pub(crate) fn print(
    observation: &mut Observation,
    options: &Options,
    reporting: &Reporting,
    env: &mut Env<'_>,
) -> Result<Exit> {
    let mut options = options.clone();
    if observation.platform.stock {
        // The rest is reported as not observed; needing it would make every such run inconclusive.
        options.needs = Needs::STOCK;
    }
    let report = audit(observation, &options);
    let observation = &*observation;
    let verdict = oom::judge(observation, None, &report.findings);
    let has_counted_failures =
        |short: &oom::Shortfall| short.pool.num_alloc_fail.is_some_and(|n| n > 0);
    let verdict = Some(&verdict).filter(|verdict| verdict.short.iter().any(has_counted_failures));
    if reporting.analysis.format.json {
        json::report::write(observation, &report, verdict, env.out)?;
    } else {
        let page = &mut reporting.analysis.page(env);
        text::report::write(observation, &report, page)?;
        if let Some(verdict) = verdict {
            page.blank()?;
            text::dump::oom(verdict, observation.platform.census_interval, page)?;
        }
        page.close()?;
    }
    let summary = env.github_summary.as_deref();
    let view = ReportView { observation, report: &report, short: verdict };
    reporting.outputs.write(view, summary, env.err)?;
    Ok(report.conclusion.into())
}
