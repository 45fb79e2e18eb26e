//! Which findings count, and what is already known: `--baseline`, `--suppress`, `--notes`.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

use anyhow::{Context as _, Result, anyhow, ensure};
use clap::{
    Args,
    builder::{PossibleValue, PossibleValuesParser, TypedValueParser},
};
use serde::Deserialize;
use teeleak_analysis::{
    model::Fault,
    triage::{Day, Triage},
};

/// Which findings count, and what is already known about them.
#[derive(Args, Debug)]
pub(crate) struct Known {
    /// Don't count findings that are also in this report, earlier output of `--json` (repeatable).
    #[arg(long, value_name = "FILE")]
    baseline: Vec<PathBuf>,
    /// Don't count findings that this file lists with reason and expiry (repeatable).
    #[arg(long, value_name = "FILE")]
    suppress: Vec<PathBuf>,
    /// Show which version fixes a finding, from this file (repeatable).
    #[arg(long, value_name = "FILE")]
    notes: Vec<PathBuf>,
    /// Count growth of OP-TEE's own caches, too.
    #[arg(long)]
    strict: bool,
    /// Count only these kinds of findings, separated by commas; all kinds if not given. Others are
    /// still reported.
    #[arg(long, value_name = "KIND", value_parser = faults(), value_delimiter = ',')]
    fail_on: Vec<Fault>,
    /// Allow SITE to grow by BYTES per iteration: a file, FILE:LINE, the UUID of a TA or the name of a
    /// pool; * matches anything (repeatable).
    #[arg(long, value_name = "SITE=BYTES", value_parser = budget)]
    max_bytes_per_iter: Vec<(String, u64)>,
}

/// Parser for the kinds of findings, with their help, for messages and completion.
fn faults() -> impl TypedValueParser<Value = Fault> {
    let value = |fault: Fault| PossibleValue::new(fault.name()).help(fault.help());
    PossibleValuesParser::new(Fault::ALL.map(value)).try_map(|name| {
        Fault::ALL.into_iter().find(|fault| fault.name() == name).ok_or("unknown kind")
    })
}

fn budget(text: &str) -> Result<(String, u64)> {
    let parts = text.rsplit_once('=').and_then(|(site, n)| Some((site, n.parse().ok()?)));
    let (site, bytes) = parts
        .filter(|(site, _)| !site.is_empty())
        .context("expected a budget such as core/mm/mobj.c=64")?;
    Ok((site.to_owned(), bytes))
}

/// The fields of a JSON report that are read.
#[derive(Deserialize)]
struct Baseline {
    kind: String,
    findings: Vec<Entry>,
    #[serde(default)]
    accepted: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    fingerprint: String,
}

impl Known {
    pub(crate) fn triage(&self) -> Result<Triage> {
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        let today = since.ok().map(|since| Day::of_seconds(since.as_secs()));
        let mut triage = Triage::default();
        triage.today = today;
        triage.asked = Some(self.fail_on.clone()).filter(|asked| !asked.is_empty());
        for (site, bytes) in &self.max_bytes_per_iter {
            triage.add_budget(site, *bytes);
        }
        for path in &self.suppress {
            let (name, text) = read(path)?;
            triage.add_suppressions(&name, &text).map_err(|mistakes| {
                crate::render::mistake::error("suppressions", &text, &mistakes)
            })?;
        }
        for path in &self.baseline {
            let (name, text) = read(path)?;
            triage.add_baseline(&name, baseline(&name, &text)?);
        }
        for path in &self.notes {
            let (name, text) = read(path)?;
            triage
                .add_notes(&name, &text)
                .map_err(|mistakes| crate::render::mistake::error("notes", &text, &mistakes))?;
        }
        if !self.strict {
            triage.add_known();
        }
        Ok(triage)
    }
}

fn read(path: &Path) -> Result<(String, String)> {
    let name = path.display().to_string();
    let text = fs::read_to_string(path).with_context(|| format!("cannot read {name}"))?;
    Ok((name, text))
}

/// The fingerprints of all findings of a report, accepted ones included.
fn baseline(name: &str, text: &str) -> Result<Vec<Arc<str>>> {
    let hint = "a baseline is the output of `teeleak report --json`";
    let baseline: Baseline = serde_json::from_str(text).map_err(|error| {
        let (line, column, what) = (error.line(), error.column(), error.to_string());
        let what = what.split(" at line ").next().unwrap_or_default().to_owned();
        anyhow!("mistake in a baseline\n{name}:{line}:{column}: {what}\n  hint: {hint}")
    })?;
    ensure!(
        baseline.kind == "report",
        "expected a report, found a {} in {name}: {hint}",
        baseline.kind
    );
    let all = baseline.findings.into_iter().chain(baseline.accepted);
    Ok(all.map(|entry| entry.fingerprint.into()).collect())
}
