//! Report files to write in addition to the printed report: any number of them per run.

use std::{
    fs::{File, OpenOptions},
    io::{BufWriter, Write},
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result};
use clap::Args;

use crate::render::{
    ci::{github, junit, markdown, sarif},
    csv, html, perfetto,
    view::ReportView,
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
        let create = |path: &Path| File::create(path);
        write_file(self.html.as_deref(), create, |out| Ok(html::write(&view, out)?))?;
        write_file(self.junit.as_deref(), create, |out| junit::write(observation, report, out))?;
        write_file(self.sarif.as_deref(), create, |out| Ok(sarif::write(report, out)?))?;
        write_file(self.csv.as_deref(), create, |out| csv::write(&view, out))?;
        write_file(self.perfetto.as_deref(), create, |out| Ok(perfetto::write(&view, out)?))?;
        let as_markdown = |out: &mut dyn Write| Ok(markdown::write(observation, report, out)?);
        write_file(self.markdown.as_deref(), create, as_markdown)?;
        if self.github {
            github::write(report, err)?;
            let append = |path: &Path| OpenOptions::new().append(true).create(true).open(path);
            write_file(summary, append, as_markdown)?;
        }
        Ok(())
    }
}

fn write_file(
    path: Option<&Path>,
    open: impl FnOnce(&Path) -> std::io::Result<File>,
    write: impl FnOnce(&mut dyn Write) -> Result<()>,
) -> Result<()> {
    let Some(path) = path else { return Ok(()) };
    let write_whole = || -> Result<()> {
        let mut file = BufWriter::new(open(path)?);
        write(&mut file)?;
        Ok(file.flush()?)
    };
    write_whole().with_context(|| format!("cannot write {}", path.display()))
}
