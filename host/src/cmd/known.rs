//! What is known of findings already: files of `--baseline`, `--suppress` and `--notes`.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

use anyhow::{Context as _, Result, anyhow, ensure};
use clap::Args;
use serde::Deserialize;
use teeleak_analysis::triage::{Day, Triage};

use super::report::mistaken;

/// What is known of findings already.
#[derive(Args, Debug)]
pub(crate) struct Known {
    /// Findings that this report has, too, don't count: what `--json` printed earlier.
    #[arg(long, value_name = "FILE")]
    baseline: Vec<PathBuf>,
    /// Findings that this file names with reason and expiry don't count; can be given again.
    #[arg(long, value_name = "FILE")]
    suppress: Vec<PathBuf>,
    /// Say which version fixes a finding, where this file knows; can be given again.
    #[arg(long, value_name = "FILE")]
    notes: Vec<PathBuf>,
    /// Let growth of OP-TEE's own caches count, too.
    #[arg(long)]
    strict: bool,
}

/// What is read of a report.
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
        for path in &self.suppress {
            let (name, text) = read(path)?;
            triage
                .add_suppressions(&name, &text)
                .map_err(|mistakes| mistaken("suppressions", &mistakes))?;
        }
        for path in &self.baseline {
            let (name, text) = read(path)?;
            triage.add_baseline(&name, baseline(&name, &text)?);
        }
        for path in &self.notes {
            let (name, text) = read(path)?;
            triage.add_notes(&name, &text).map_err(|mistakes| mistaken("notes", &mistakes))?;
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

/// All that the report found, accepted findings included.
fn baseline(name: &str, text: &str) -> Result<Vec<Arc<str>>> {
    let hint = "a baseline is what `teeleak report --json` printed";
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
