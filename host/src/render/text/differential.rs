//! Comparison of runs with the run of a known-good build.

use std::io;

use teeleak_analysis::text::{count, number};

use super::{
    TextLine, TextPage, Tone,
    finding::{self, FindingContext},
};
use crate::compare::runs::{ComparedFinding, Differential, FindingNovelty};

/// Writes the new and worse findings of each run.
pub(crate) fn write(
    good: &str,
    runs: &[(String, Differential)],
    page: &mut TextPage<'_>,
) -> io::Result<()> {
    for (n, (name, run)) in runs.iter().enumerate() {
        if n > 0 {
            page.blank()?;
        }
        headline(good, name, run, page)?;
        for (what, novelty) in [
            ("new", FindingNovelty::New),
            ("worse", FindingNovelty::Worse),
            ("unchanged", FindingNovelty::Same),
        ] {
            compared(what, run.with(novelty), page)?;
        }
        section("gone", run.gone.iter().map(|finding| &*finding.title), page)?;
        section("doubts", run.doubts.iter().map(String::as_str), page)?;
        let news: Vec<_> = run.news().collect();
        let context = FindingContext { all: &news, observation: None };
        for (n, one) in news.iter().enumerate() {
            finding::write(Some(n + 1), one, context, page)?;
        }
    }
    page.close()
}

fn headline(good: &str, name: &str, run: &Differential, page: &mut TextPage<'_>) -> io::Result<()> {
    let (new, worse, same) = (
        run.count(FindingNovelty::New),
        run.count(FindingNovelty::Worse),
        run.count(FindingNovelty::Same),
    );
    let (tone, verdict) = match (new + worse, run.doubts.is_empty()) {
        (0, true) => (Tone::Good, "nothing new"),
        (0, false) => (Tone::Warn, "inconclusive"),
        _ => (Tone::Bad, "new findings"),
    };
    let new_findings = count(new, "new finding");
    let n_gone = number(run.gone.len() as u64);
    let (worse, same) = (number(worse), number(same));
    let line = TextLine::default().tone(tone, verdict).text(format_args!(
        ": {name} has {new_findings}, {worse} worse, {same} unchanged, {n_gone} gone "
    ));
    page.write_line(line.dim(format_args!("(compared with {good})")))
}

/// Findings by title, each with its growth beside that of the good build.
fn compared<'f>(
    name: &str,
    findings: impl Iterator<Item = &'f ComparedFinding>,
    page: &mut TextPage<'_>,
) -> io::Result<()> {
    let mut findings = findings.peekable();
    if findings.peek().is_some() {
        page.heading(name)?;
    }
    for one in findings {
        page.write_line(TextLine::indent(2).text(&one.finding.title))?;
        if let Some(growth) = &one.growth {
            page.write_line(TextLine::indent(4).dim(growth.sentence()))?;
        }
    }
    Ok(())
}

fn section<'t>(
    name: &str,
    titles: impl Iterator<Item = &'t str>,
    page: &mut TextPage<'_>,
) -> io::Result<()> {
    let mut titles = titles.peekable();
    if titles.peek().is_some() {
        page.heading(name)?;
    }
    titles.try_for_each(|title| page.write_line(TextLine::indent(2).text(title)))
}
