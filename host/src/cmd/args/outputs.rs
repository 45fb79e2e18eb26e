//! Report files to write in addition to the printed report: any number of them per run.

use std::{
    fs::OpenOptions,
    io::Write,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result};
use clap::Args;

use crate::{
    render::{
        ci::{github, junit, markdown, sarif},
        csv, html, perfetto,
        view::ReportView,
    },
    whole_file,
};

/// Further report files.
#[derive(Args, Debug)]
#[command(next_help_heading = "Further reports")]
pub(crate) struct Outputs {
    /// Write a self-contained HTML page to this file, with plots, timeline, region maps and tables.
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Write JUnit XML test cases to this file.
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
    /// Write SARIF 2.1.0 for code scanning to this file; paths are relative to the optee_os tree.
    #[arg(long, value_name = "FILE")]
    sarif: Option<PathBuf>,
    /// Write Markdown to this file.
    #[arg(long, value_name = "FILE")]
    markdown: Option<PathBuf>,
    /// Write a table of all metrics over time to this file, as CSV.
    #[arg(long, value_name = "FILE")]
    csv: Option<PathBuf>,
    /// Write a Perfetto trace to this file: pools and sites as counters, sessions and mappings as
    /// slices.
    #[arg(long, value_name = "FILE")]
    perfetto: Option<PathBuf>,
    /// Print annotations for GitHub Actions to standard error, and append the report to the step
    /// summary.
    #[arg(long)]
    github: bool,
}

impl Outputs {
    /// Writes the requested files; `summary` is the file of the GitHub Actions step summary.
    pub(crate) fn write(
        &self,
        view: ReportView<'_>,
        summary: Option<&Path>,
        err: &mut dyn Write,
    ) -> Result<()> {
        let ReportView { observation, report, .. } = view;
        let as_markdown = |out: &mut dyn Write| Ok(markdown::write(observation, report, out)?);
        let results = [
            replace(self.html.as_deref(), |out| Ok(html::write(&view, out)?)),
            replace(self.junit.as_deref(), |out| junit::write(observation, report, out)),
            replace(self.sarif.as_deref(), |out| Ok(sarif::write(report, out)?)),
            replace(self.csv.as_deref(), |out| csv::write(&view, out)),
            replace(self.perfetto.as_deref(), |out| Ok(perfetto::write(&view, out)?)),
            replace(self.markdown.as_deref(), as_markdown),
        ];
        if self.github {
            github::write(report, err)?;
            append(summary, as_markdown)?;
        }
        // Those that can be written are, whatever became of the others.
        results.into_iter().collect()
    }
}

/// Replaces a report as a whole, or leaves it as it was.
fn replace(path: Option<&Path>, write: impl FnOnce(&mut dyn Write) -> Result<()>) -> Result<()> {
    let Some(path) = path else { return Ok(()) };
    whole_file::replace(path, write).with_context(|| format!("cannot write {}", path.display()))
}

fn append(path: Option<&Path>, write: impl FnOnce(&mut dyn Write) -> Result<()>) -> Result<()> {
    let Some(path) = path else { return Ok(()) };
    let mut options = OpenOptions::new();
    whole_file::stream(options.append(true).create(true), path, write)
        .with_context(|| format!("cannot write {}", path.display()))
}
