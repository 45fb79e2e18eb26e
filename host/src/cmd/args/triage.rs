//! What is known of findings already: files of `--baseline`, `--suppress` and `--notes`.

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
    /// Only these kinds of findings count, with commas between; everything if not given. The others are
    /// told all the same.
    #[arg(long, value_name = "KIND", value_parser = faults(), value_delimiter = ',')]
    fail_on: Vec<Fault>,
    /// Let what SITE names grow by BYTES per iteration: a file or FILE:LINE, the UUID of a TA or the name of
    /// a pool, with stars for anything; can be given again.
    #[arg(long, value_name = "SITE=BYTES", value_parser = budget)]
    max_bytes_per_iter: Vec<(String, u64)>,
}

/// Names of faults, with their help, as clap reads and completes them.
fn faults() -> impl TypedValueParser<Value = Fault> {
    let value = |fault: Fault| PossibleValue::new(fault.name()).help(fault.help());
    PossibleValuesParser::new(Fault::ALL.map(value)).try_map(|name| {
        Fault::ALL.into_iter().find(|fault| fault.name() == name).ok_or("no such kind")
    })
}

fn budget(text: &str) -> Result<(String, u64)> {
    let parts = text.rsplit_once('=').and_then(|(site, n)| Some((site, n.parse().ok()?)));
    let (site, bytes) = parts
        .filter(|(site, _)| !site.is_empty())
        .context("expected a budget such as core/mm/mobj.c=64")?;
    Ok((site.to_owned(), bytes))
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
