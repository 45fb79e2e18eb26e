//! `teeleak run`

use std::{ffi::OsString, path::PathBuf, time::Duration};

use anyhow::Result;
use clap::Args;
use teeleak_analysis::{
    audit::Options,
    growth,
    model::{Finding, Observation, Verdict},
    normal_world, text,
};

use super::{analyze::Images, args::analysis::Reporting, report, snapshot::create};
use crate::{
    cmd::args::{normal_world::NormalWorldArgs, tee_access::StockArgs},
    env::Env,
    exit::Exit,
    source::{
        self,
        clients::{Extra, Recorder, Tracing, kernel::Probes},
        live::{RunOutcome, RunPlan, RunProgress, WorkloadRun},
        normal_world::Supplicant,
    },
};

/// Arguments of `teeleak run`.
#[derive(Args, Debug)]
#[command(after_help = "\
The workload's output goes to standard error. A workload that fails ends the run after its snapshot,
unless --keep-going is given; what was observed until then is reported. Ctrl-C does the same.

Examples:
  teeleak run -n 20 -- ./switch-channel.sh
  teeleak run -n 50 --protocol drm.toml -o loop.tlk -- ./play.sh --loops 1
  teeleak run --until-decided=100 -- ./switch-channel.sh
  teeleak run --json -- ./switch-channel.sh > report.json
  teeleak run --console /dev/ttyUSB0 -- ./switch-channel.sh
  teeleak run --with normal-world -n 20 -o loop.tlk -- ./play.sh")]
pub(crate) struct Arguments {
    /// Number of measured iterations.
    #[arg(short = 'n', long, value_name = "N", default_value_t = 10)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=10_000))]
    iterations: u32,
    /// Continue until all growth is conclusive, for at most MAX measured iterations.
    #[arg(long, value_name = "MAX", num_args = 0..=1, require_equals = true)]
    #[arg(default_missing_value = "200")]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=10_000))]
    until_decided: Option<u32>,
    /// Warm-up iterations before those, which fill caches and don't count.
    #[arg(long, value_name = "K", default_value_t = 2)]
    #[arg(value_parser = clap::value_parser!(u32).range(0..=10_000))]
    warmup: u32,
    /// Iterations without the workload, to measure the effect of sampling itself.
    #[arg(long, value_name = "K", default_value_t = 3)]
    #[arg(value_parser = clap::value_parser!(u32).range(0..=1_000))]
    idle: u32,
    /// How long an iteration may take, in seconds; 0 for any time. A workload that hangs is recorded,
    /// with who holds what at that moment, and ended.
    #[arg(long, value_name = "SECONDS", default_value_t = 600)]
    timeout: u32,
    /// Continue after the workload fails.
    #[arg(long)]
    keep_going: bool,
    /// Don't record which process of the workload makes which call.
    #[arg(long)]
    no_clients: bool,
    /// Record the call stack of each call, too.
    #[arg(long, conflicts_with = "no_clients")]
    stacks: bool,
    /// Record system-wide, with kernel probes: also programs that the preload library can't be loaded
    /// into. Needs root and Linux 6.9, see `teeleak doctor`.
    #[arg(long, conflicts_with_all = ["no_clients", "stacks"])]
    kernel: bool,
    /// Write all observations to a capture file, for `teeleak report`.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    #[command(flatten)]
    images: Images,
    #[command(flatten)]
    reporting: Reporting,
    #[command(flatten)]
    with: NormalWorldArgs,
    #[command(flatten)]
    ways: StockArgs,
    /// The workload and its arguments.
    #[arg(last = true, required = true, value_name = "CMD")]
    words: Vec<OsString>,
}

pub(crate) fn run(arguments: &Arguments, env: &mut Env<'_>) -> Result<Exit> {
    let options = arguments.reporting.analysis.options()?;
    let symbols = arguments.images.symbols()?;
    let observer = arguments.with.reach(&arguments.ways.ways(), env)?;
    let file = create(arguments.output.as_ref())?;
    let plan = plan(arguments, env)?;
    let line = env.progress.then_some(&mut *env.err as &mut dyn std::io::Write);
    let mut source =
        WorkloadRun::new(observer, plan, env.interrupt.heed().clone(), RunProgress { line });
    let judge = |observation: &Observation| iterations_to_decide(observation, &options);
    let optional_judge = arguments.until_decided.map(|_| &judge as source::Judge<'_>);
    let mut observation = source::observe_judged(&mut source, file, optional_judge)?;
    observation.gaps.extend(source.client_gap());
    let outcome = source.outcome();
    symbols.resolve(&mut observation);
    let exit = report::print(&mut observation, &options, &arguments.reporting, env)?;
    final_exit(outcome, exit, env)
}

fn plan(arguments: &Arguments, env: &Env<'_>) -> Result<RunPlan> {
    Ok(RunPlan {
        recorder: recorder(arguments, env)?,
        idle: arguments.idle,
        warmup: arguments.warmup,
        iterations: arguments.iterations,
        most: arguments.until_decided.unwrap_or(0),
        words: arguments.words.clone(),
        idle_words: env.idle.clone(),
        timeout: (arguments.timeout > 0).then(|| Duration::from_secs(arguments.timeout.into())),
        supplicant: (!arguments.with.normal_world()).then(|| Supplicant::new(&env.root)),
        keep_going: arguments.keep_going,
    })
}

/// The recorder of client calls; `None` if it is missing or not wanted.
fn recorder(arguments: &Arguments, env: &Env<'_>) -> Result<Option<Recorder>> {
    if arguments.kernel {
        return Ok(Some(Recorder::Kernel(Box::new(Probes::new(&env.root)?))));
    }
    let extra = Extra { stacks: arguments.stacks, fds: false };
    let library = env.preload.clone().filter(|_| !arguments.no_clients);
    let tracing = library.map(|library| Tracing::new(library, extra)).transpose()?;
    Ok(tracing.map(Recorder::Preload))
}

/// The fewest iterations that would make one more counted finding conclusive; 0 if none would.
fn iterations_to_decide(observation: &Observation, options: &Options) -> u32 {
    let mut findings = growth::findings(observation, &options.growth);
    findings.extend(normal_world::findings(observation));
    let remaining = options.triage.apply(findings).left;
    let open = remaining.iter().filter(|finding| finding.verdict == Some(Verdict::Undecided));
    open.filter_map(Finding::iterations_to_decide).min().unwrap_or(0)
}

/// A run that ended early is never clean, but its findings count.
fn final_exit(outcome: RunOutcome, exit: Exit, env: &mut Env<'_>) -> Result<Exit> {
    let (text, otherwise) = match outcome {
        RunOutcome::Finished => return Ok(exit),
        RunOutcome::Undecided(n) => {
            let hint = "raise --until-decided=MAX";
            writeln!(env.err, "teeleak: still inconclusive after {n} iterations; {hint}")?;
            return Ok(exit);
        }
        RunOutcome::Interrupted => ("interrupted".to_owned(), Exit::Blind),
        RunOutcome::WorkloadFailed(status) => {
            let hint = "check its output, or continue despite failures with --keep-going";
            (format!("the workload failed with status {status}: {hint}"), Exit::Blind)
        }
        RunOutcome::TimedOut { limit, ended } => (timed_out(limit, ended), Exit::Blind),
        RunOutcome::Failed(error) => (format!("{error:#}"), Exit::of_error(&error)),
    };
    writeln!(env.err, "teeleak: the run ended early: {text}")?;
    let has_findings = matches!(exit, Exit::Leak | Exit::Order);
    Ok(if has_findings { exit } else { otherwise })
}

fn timed_out(limit: Duration, ended: bool) -> String {
    let end = match ended {
        true => "was ended",
        false => "can't be ended, as a call into the TEE does not return",
    };
    let limit = text::count(limit.as_secs(), "second");
    format!(
        "the workload was still running after {limit} and {end}: see above who holds what, or raise \
         --timeout"
    )
}
