//! Comparison of runs with the run of a known-good build.

use std::io;

use teeleak_analysis::text::{count, number};

use super::{
    Line, Page, Tone,
    finding::{self, Among},
};
use crate::compare::runs::{Differential, News};

/// Writes the new and worse findings of each run.
pub(crate) fn write(
    good: &str,
    runs: &[(String, Differential)],
    page: &mut Page<'_>,
) -> io::Result<()> {
    for (n, (name, run)) in runs.iter().enumerate() {
        if n > 0 {
            page.blank()?;
        }
        headline(good, name, run, page)?;
        for (what, news) in [("new", News::New), ("worse", News::Worse), ("unchanged", News::Same)]
        {
            let findings = run.findings.iter().filter(|(one, _)| *one == news);
            section(what, findings.map(|(_, finding)| &*finding.title), page)?;
        }
        section("gone", run.gone.iter().map(|finding| &*finding.title), page)?;
        section("doubts", run.doubts.iter().map(String::as_str), page)?;
        let news = run.findings.iter().filter(|(news, _)| *news != News::Same);
        let news: Vec<_> = news.map(|(_, finding)| finding).collect();
        let context = Among { all: &news, observation: None };
        for (n, one) in news.iter().enumerate() {
            finding::write(n + 1, one, context, page)?;
        }
    }
    page.close()
}

fn headline(good: &str, name: &str, run: &Differential, page: &mut Page<'_>) -> io::Result<()> {
    let (new, worse, same) = (run.count(News::New), run.count(News::Worse), run.count(News::Same));
    let (tone, verdict) = match (new + worse, run.doubts.is_empty()) {
        (0, true) => (Tone::Good, "nothing new"),
        (0, false) => (Tone::Warn, "inconclusive"),
        _ => (Tone::Bad, "new findings"),
    };
    let new_findings = count(new, "new finding");
    let n_gone = number(run.gone.len() as u64);
    let (worse, same) = (number(worse), number(same));
    let line = Line::default().tone(tone, verdict).text(format_args!(
        ": {name} has {new_findings}, {worse} worse, {same} unchanged, {n_gone} gone "
    ));
    page.write_line(line.dim(format_args!("(compared with {good})")))
}

fn section<'t>(
    name: &str,
    titles: impl Iterator<Item = &'t str>,
    page: &mut Page<'_>,
) -> io::Result<()> {
    let mut titles = titles.peekable();
    if titles.peek().is_some() {
        page.heading(name)?;
    }
    titles.try_for_each(|title| page.write_line(Line::indent(2).text(title)))
}
