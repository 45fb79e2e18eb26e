//! Runs beside that of a known-good build.

use std::io::{self, Write};

use super::{BAD, DIM, GOOD, HEAD, WARN, finding};
use crate::{
    differential::{Differential, News},
    render::words::count,
};

/// Writes what is new in each run.
pub(crate) fn write(
    good: &str,
    runs: &[(String, Differential)],
    out: &mut dyn Write,
) -> io::Result<()> {
    for (n, (name, run)) in runs.iter().enumerate() {
        if n > 0 {
            writeln!(out)?;
        }
        headline(good, name, run, out)?;
        for (what, news) in [("new", News::New), ("worse", News::Worse), ("as before", News::Same)]
        {
            let these = run.findings.iter().filter(|(one, _)| *one == news);
            section(what, these.map(|(_, finding)| &*finding.title), out)?;
        }
        section("gone", run.gone.iter().map(|finding| &*finding.title), out)?;
        section("doubts", run.doubts.iter().map(String::as_str), out)?;
        let news = run.findings.iter().filter(|(news, _)| *news != News::Same);
        let news: Vec<_> = news.map(|(_, finding)| finding).collect();
        for (n, one) in news.iter().enumerate() {
            finding::write(n + 1, one, &news, out)?;
        }
    }
    Ok(())
}

fn headline(good: &str, name: &str, run: &Differential, out: &mut dyn Write) -> io::Result<()> {
    let (new, worse, same) = (run.count(News::New), run.count(News::Worse), run.count(News::Same));
    let (style, verdict) = match (new + worse, run.doubts.is_empty()) {
        (0, true) => (GOOD, "no news"),
        (0, false) => (WARN, "not decided"),
        _ => (BAD, "news"),
    };
    let found = count(new, "new finding");
    let gone = run.gone.len();
    writeln!(
        out,
        "{style}{verdict}{style:#}: {name} has {found}, {worse} worse, {same} as before, {gone} gone \
         {DIM}(beside {good}){DIM:#}"
    )
}

fn section<'t>(
    name: &str,
    titles: impl Iterator<Item = &'t str>,
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut titles = titles.peekable();
    if titles.peek().is_some() {
        writeln!(out, "\n{HEAD}{name}{HEAD:#}")?;
    }
    titles.try_for_each(|title| writeln!(out, "  {title}"))
}
