//! `cargo xtask bench NAME`: benchmarks, each one line of a table.

use std::process::ExitCode;

use anyhow::bail;
use teeleak_qemu::Lab;

use crate::cargo::cargo;

/// A benchmark: its name, what it measures, and what cargo has to run.
struct Bench {
    name: &'static str,
    measures: &'static str,
    cargo: &'static [&'static str],
}

/// All benchmarks.
const BENCHES: [Bench; 8] = [
    Bench {
        name: "snapshot",
        measures: "in QEMU: a snapshot against mdbg_check on the console, wall clock and lock",
        cargo: &[
            "bench",
            "--package",
            "teeleak-tests",
            "--features",
            "qemu",
            "--bench",
            "snapshot",
        ],
    },
    Bench {
        name: "calls",
        measures: "in QEMU: a call of a TA that teeleak trace records against the plain one",
        cargo: &["bench", "--package", "teeleak-tests", "--features", "qemu", "--bench", "calls"],
    },
    Bench {
        name: "watch",
        measures: "in QEMU: processor time, memory and malloc lock of teeleak watch",
        cargo: &["bench", "--package", "teeleak-tests", "--features", "qemu", "--bench", "watch"],
    },
    Bench {
        name: "analyze",
        measures: "reading logs of 200 MB, beside ripgrep, mawk, lnav and symbolize.py",
        cargo: &["run", "--release", "--package", "teeleak-bench-analyze", "--"],
    },
    Bench {
        name: "protocol",
        measures: "events per second that protocols are checked at, beside RTLola and a Python dict",
        cargo: &["run", "--release", "--package", "teeleak-bench-protocol"],
    },
    Bench {
        name: "normal-world",
        measures: "reading page_owner and strace, beside page_owner_sort and a Python script",
        cargo: &["run", "--release", "--package", "teeleak-bench-normal-world", "--"],
    },
    Bench {
        name: "ledgers",
        measures: "processor time of teeleak watch --with normal-world, with 500 processes",
        cargo: &["bench", "--package", "teeleak-tests", "--bench", "ledgers"],
    },
    Bench {
        name: "growth",
        measures: "growth verdicts on series of known nature, beside the usual trend tests",
        cargo: &["run", "--release", "--package", "teeleak-bench-growth", "--", "--peers"],
    },
];

/// Arguments of `bench`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Which one; without a name they are listed
    name: Option<String>,
    /// Options of the benchmark itself
    #[arg(last = true)]
    options: Vec<String>,
}

/// Runs it.
pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let Some(name) = &args.name else {
        for bench in BENCHES {
            println!("{}\t{}", bench.name, bench.measures);
        }
        return Ok(ExitCode::SUCCESS);
    };
    let Some(bench) = BENCHES.iter().find(|bench| bench.name == name) else {
        bail!("no benchmark {name}; `cargo xtask bench` lists them");
    };
    let lab = Lab::new()?;
    let peer = match bench.name {
        "analyze" => Some(("--symbolize", symbolize(&lab)?)),
        "normal-world" => Some(("--page-owner-sort", lab.page_owner_sort()?.display().to_string())),
        _ => None,
    };
    let more = peer.as_ref().map_or(Vec::new(), |(option, peer)| vec![*option, peer]);
    let options: Vec<_> = args.options.iter().map(String::as_str).collect();
    cargo(&lab, &[bench.cargo, &more, &options].concat())?;
    Ok(ExitCode::SUCCESS)
}

/// OP-TEE's own script, which comes with its kit for TAs.
fn symbolize(lab: &Lab) -> anyhow::Result<String> {
    let script = lab.firmware("default")?.ta_kit()?.join("scripts/symbolize.py");
    Ok(script.display().to_string())
}
