//! `teeleak dump`

use std::{num::NonZeroUsize, path::PathBuf};

use anyhow::Result;
use clap::Args;
use teeleak_analysis::{
    model::Observation,
    parse::{console::Rules, ledgers::Tables},
    pools::oom,
};

use super::analyze::Images;
use crate::{
    cmd::args::{analysis::Analysis, tee_access::StockArgs},
    dump::collect::{self, CollectedDump},
    env::Env,
    exit::Exit,
    render,
    source::text::{self, ReadProgress, Reading},
};

/// Directory of the `teeleak watch` service.
const FOLDER: &str = "/var/lib/teeleak";

/// Arguments of `teeleak dump`.
#[derive(Args, Debug)]
#[command(after_help = "\
Asks the `teeleak watch` that runs for DIR, which already has a session open. Without one, it asks
the TA itself; if the TA can't be opened any more, it takes what is still available: counters of the
statistics PTA, the last window in DIR, kernel data. Missing parts are listed with the reason. Exits
with 1 for a leak, 4 for steps in the wrong order, 3 when nothing was observed or the cause of a
pool's exhaustion is inconclusive.

Examples:
  teeleak dump
  teeleak dump -o now.tlk --dir /var/lib/teeleak
  teeleak dump --log uart.log --tee tee.elf")]
pub(crate) struct Arguments {
    /// Write the dump to a capture file, too.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// The directory of `teeleak watch`.
    #[arg(long, value_name = "DIR", default_value = FOLDER)]
    dir: PathBuf,
    /// Show who requested the memory, from OP-TEE's console output in this file (repeatable).
    #[arg(long, value_name = "LOG")]
    log: Vec<PathBuf>,
    #[command(flatten)]
    images: Images,
    #[command(flatten)]
    analysis: Analysis,
    #[command(flatten)]
    ways: StockArgs,
}

pub(crate) fn run(arguments: &Arguments, env: &mut Env<'_>) -> Result<Exit> {
    let options = arguments.analysis.options()?;
    let output = arguments.output.as_deref();
    let mut dump = collect::take(&arguments.dir, output, &arguments.ways.ways(), env.world)?;
    if !arguments.log.is_empty() {
        dump.add_console(console(arguments, env)?);
    }
    let report = dump.observation_mut().map(|observation| oom::audit(observation, &options));
    let findings = report.as_ref().map(|report| report.findings.as_slice()).unwrap_or_default();
    let verdict = dump.observation().map(|seen| oom::judge(seen, dump.current_sample(), findings));
    if arguments.analysis.format().json {
        render::json::dump::write(&dump, verdict.as_ref(), findings, env.out)?;
    } else {
        let page = &mut arguments.analysis.page(env);
        render::text::dump::write(&dump, verdict.as_ref(), findings, page)?;
    }
    Ok(exit(&dump, verdict.as_ref(), report.map(|report| report.conclusion.into())))
}

/// OP-TEE's console output, with symbolized call stacks.
fn console(arguments: &Arguments, env: &mut Env<'_>) -> Result<Observation> {
    let symbols = arguments.images.symbols()?;
    let reading = Reading {
        tables: Tables::built_in(),
        paths: &arguments.log,
        ledgers: &[],
        series: &[],
        traces: &[],
        rules: &Rules::default(),
        warmup: 0,
        threads: NonZeroUsize::MIN,
    };
    let progress = ReadProgress { out: env.err, terminal: env.progress };
    let mut observation = text::read(&reading, None, progress)?;
    symbols.resolve(&mut observation);
    Ok(observation)
}

/// Findings decide; without any, a pool that ran out for an unknown reason is inconclusive.
fn exit(taken: &CollectedDump, verdict: Option<&oom::OomVerdict>, audited: Option<Exit>) -> Exit {
    match (audited, verdict) {
        (Some(found @ (Exit::Leak | Exit::Order)), _) => found,
        (_, Some(verdict)) if taken.is_complete() && verdict.short.is_empty() => Exit::Clean,
        _ => Exit::Blind,
    }
}
