//! Runs beside that of a known-good build.

use std::io::{self, Write};

use serde::Serialize;

use super::report::{Entry, entry};
use crate::{
    Exit,
    differential::{Differential, News},
};

#[derive(Serialize)]
struct Document<'d> {
    exit_code: u8,
    good: &'d str,
    runs: Vec<Run<'d>>,
}

#[derive(Serialize)]
struct Run<'d> {
    capture: &'d str,
    findings: Vec<Told<'d>>,
    gone: Vec<Entry<'d>>,
    doubts: Vec<&'d str>,
}

#[derive(Serialize)]
struct Told<'d> {
    news: &'static str,
    #[serde(flatten)]
    finding: Entry<'d>,
}

/// Writes what is new in each run.
pub(crate) fn write(
    good: &str,
    runs: &[(String, Differential)],
    exit: Exit,
    out: &mut dyn Write,
) -> io::Result<()> {
    let runs = runs.iter().map(|(capture, run)| Run {
        capture,
        findings: run.findings.iter().map(told).collect(),
        gone: run.gone.iter().map(entry).collect(),
        doubts: run.doubts.iter().map(String::as_str).collect(),
    });
    let document = Document { exit_code: exit as u8, good, runs: runs.collect() };
    super::write("differential", &document, out)
}

fn told((news, finding): &(News, teeleak_analysis::model::Finding)) -> Told<'_> {
    let news = match news {
        News::New => "new",
        News::Worse => "worse",
        News::Same => "same",
    };
    Told { news, finding: entry(finding) }
}
