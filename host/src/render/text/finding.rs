//! One finding: figures, growth, calls, cause and next step; with `-v` also its full evidence.

use std::io;

use teeleak_analysis::{
    birthplace, blame, known_leaks,
    model::{
        Evidence, Figure, FigureKind, Finding, Frame, Observation, Severity, StepRef, Subject,
    },
    text,
};

use super::{
    lanes,
    line::{TextLine, Tone},
    page::{TextPage, label},
    spark,
};
use crate::render::view::finding::{ends, level, number, rates, subject, value};

/// Values shown of a series with `-v`.
const EVERY: usize = 256;

/// Sentences of evidence shown without `-v`.
const SENTENCES: usize = 4;

/// Subjects named on the line `grows with` without `-v`.
const MEMBERS: usize = 6;

/// Effects shown of a finding without `-v`.
const EFFECTS: usize = 8;

/// Context of a finding.
#[derive(Clone, Copy)]
pub(crate) struct FindingContext<'t> {
    /// All findings of this text, in order.
    pub(crate) all: &'t [&'t Finding],
    /// The observation, if available.
    pub(crate) observation: Option<&'t Observation>,
}

/// Writes a finding with its number, if it has one. A finding explained by another one is kept short.
pub(crate) fn write(
    number_in_report: Option<usize>,
    finding: &Finding,
    among: FindingContext<'_>,
    page: &mut TextPage<'_>,
) -> io::Result<()> {
    let tone = if finding.severity == Severity::Failure { Tone::Bad } else { Tone::Warn };
    page.blank()?;
    let number_text = number_in_report.map_or_else(String::new, |n| format!("{n}. "));
    let headline = format!("{number_text}{}", finding.title);
    page.write_line(TextLine::default().tone(tone, headline))?;
    let cause = finding.cause.as_ref().map(|(cause, why)| (number(cause, among.all), why));
    let is_explained = matches!(cause, Some((Some(_), _)));
    if page.shows_all() {
        line("about", &subject(&finding.subject), page)?;
    }
    figures(finding, page)?;
    if let Some(spark) = spark::spark_line(finding, among.observation, label("values", page), page)
    {
        page.write_line(spark)?;
    }
    if !page.layout().verbose {
        brief_stack(finding, page)?;
        members(finding, page)?;
    }
    if !is_explained || page.shows_all() {
        sentences(finding, page)?;
        lanes::write(finding, page)?;
        orders(finding, page)?;
        birthplaces(finding, page)?;
        known_leaks(finding, page)?;
        blame(finding, page)?;
    }
    if page.shows_all() {
        finding.evidence.iter().try_for_each(|one| detail(one, page))?;
    }
    if let Some((which, why)) = cause {
        let reference = which.map_or(String::new(), |n| format!("finding {n}: "));
        line("cause", &format!("{reference}{why}"), page)?;
    }
    if !is_explained || page.shows_all() {
        line("next", &finding.next_step, page)?;
    }
    if page.shows_all() {
        page.write_line(label("fingerprint", page).dim(&finding.fingerprint))?;
    }
    Ok(())
}

fn line(name: &str, text: &str, page: &mut TextPage<'_>) -> io::Result<()> {
    page.write_line(label(name, page).text(text))
}

/// All figures on one line, grouped by name.
fn figures(finding: &Finding, page: &mut TextPage<'_>) -> io::Result<()> {
    let mut groups = finding.figures.chunk_by(|a, b| a.kind == b.kind);
    let Some(first) = groups.next() else { return Ok(()) };
    let values = |alike: &[Figure]| alike.iter().map(value).collect::<Vec<_>>().join(", ");
    let mut text = values(first);
    for figures in groups {
        let (kind, values) = (figures[0].kind, values(figures));
        text.push_str(&match kind {
            FigureKind::Iterations => format!("; over {values}"),
            FigureKind::SeenIn => format!("; in {values}"),
            _ => format!("; {} {values}", kind.name()),
        });
    }
    line(first[0].name(), &text, page)
}

/// Evidence as sentences that can be checked by hand.
fn sentences(finding: &Finding, page: &mut TextPage<'_>) -> io::Result<()> {
    let mut n_sentences = 0;
    for evidence in &finding.evidence {
        // The list of everything outstanding is shown with -v only.
        let (text, brief) = match evidence {
            Evidence::Text(text) => (text, true),
            Evidence::Outstanding(text) => (text, false),
            _ => continue,
        };
        if (n_sentences < SENTENCES && brief) || page.shows_all() {
            n_sentences += 1;
            line("evidence", text, page)?;
        }
    }
    Ok(())
}

/// Names of the subjects that grow together with this one.
fn members(finding: &Finding, page: &mut TextPage<'_>) -> io::Result<()> {
    let name = |evidence: &Evidence| match evidence {
        Evidence::Member(Subject::Site { file, line, size, .. }, _) => {
            Some(format!("{file}:{line} ({} bytes)", text::number(*size)))
        }
        Evidence::Member(other, _) => Some(subject(other)),
        _ => None,
    };
    let names: Vec<_> = finding.evidence.iter().filter_map(name).collect();
    let n_hidden = names.len().saturating_sub(MEMBERS);
    let suffix = if n_hidden > 0 {
        format!(" and {} more", text::number(n_hidden as u64))
    } else {
        String::new()
    };
    match names.len() {
        0 => Ok(()),
        n => line("grows with", &format!("{}{suffix}", names[..n.min(MEMBERS)].join(", ")), page),
    }
}

/// The expected order, and the location of the wrong one.
fn orders(finding: &Finding, page: &mut TextPage<'_>) -> io::Result<()> {
    for evidence in &finding.evidence {
        match evidence {
            Evidence::Expected(order) => line("expected", order, page)?,
            Evidence::At(place) => line("at", &text::place(place), page)?,
            _ => {}
        }
    }
    Ok(())
}

/// In which calls what stays was made.
fn birthplaces(finding: &Finding, page: &mut TextPage<'_>) -> io::Result<()> {
    let places = finding.birthplaces();
    let n = if page.shows_all() { places.len() } else { SENTENCES };
    let mut shown = places.iter().take(n);
    shown.try_for_each(|place| line("made in", &birthplace::sentence(place), page))?;
    let n_more = places.len().saturating_sub(n) as u64;
    if n_more > 0 { line("", &text::count(n_more, "more kind"), page) } else { Ok(()) }
}

/// The leaks of OP-TEE itself that it may be.
fn known_leaks(finding: &Finding, page: &mut TextPage<'_>) -> io::Result<()> {
    finding.known_leaks().try_for_each(|leak| line("known", &known_leaks::sentence(leak), page))
}

/// Who is to blame, and the facts that show it.
fn blame(finding: &Finding, page: &mut TextPage<'_>) -> io::Result<()> {
    let Some(blame) = &finding.blame else { return Ok(()) };
    line("blame", &blame::sentence(blame), page)?;
    let n = if page.shows_all() { blame.evidence.len() } else { SENTENCES };
    blame.evidence.iter().take(n).try_for_each(|fact| line("because", fact, page))
}

/// Writes what a finding explains: each effect with its rates, and in full with `-v`.
pub(crate) fn effects<'f>(
    effects: impl Iterator<Item = &'f Finding>,
    among: FindingContext<'_>,
    page: &mut TextPage<'_>,
) -> io::Result<()> {
    let effects: Vec<_> = effects.collect();
    if page.shows_all() {
        return effects.iter().try_for_each(|effect| write(None, effect, among, page));
    }
    for effect in effects.iter().take(EFFECTS) {
        line("effect", &effect.title, page)?;
        let reason = effect.cause.as_ref().map(|(_, reason)| reason.to_string());
        let facts: Vec<_> = rates(effect).into_iter().chain(reason).collect();
        page.write_line(label("", page).dim(facts.join("; ")))?;
        members(effect, page)?;
        known_leaks(effect, page)?;
    }
    let n_more = effects.len().saturating_sub(EFFECTS) as u64;
    if n_more > 0 { line("", &text::count(n_more, "more effect"), page) } else { Ok(()) }
}

/// Evidence that is shown with `-v` only.
fn detail(evidence: &Evidence, page: &mut TextPage<'_>) -> io::Result<()> {
    match evidence {
        Evidence::Survivors(survivors) => {
            line("survivors", &format!("by epoch: {}", runs(survivors)), page)
        }
        Evidence::Series(series) => line("series", &all_values(series), page),
        Evidence::Sequence(steps) => events(steps, page),
        Evidence::Member(member, figures) => {
            let figures: Vec<_> = figures.iter().map(value).collect();
            line("grows with", &format!("{}: {}", subject(member), figures.join(", ")), page)
        }
        Evidence::CallStack(frames) => call_stack(frames, page),
        // These have lines of their own.
        Evidence::Text(_)
        | Evidence::Outstanding(_)
        | Evidence::Expected(_)
        | Evidence::Missing(_)
        | Evidence::Birthplaces(_)
        | Evidence::Known(_)
        | Evidence::At(_) => Ok(()),
    }
}

/// The call stack of the allocations on one line, innermost first.
fn brief_stack(finding: &Finding, page: &mut TextPage<'_>) -> io::Result<()> {
    let frames = finding.evidence.iter().find_map(|evidence| match evidence {
        Evidence::CallStack(frames) => Some(frames),
        _ => None,
    });
    let names = |frame: &Frame| {
        let names: Vec<_> = frame.functions.iter().map(|known| known.name.to_string()).collect();
        if names.is_empty() { vec![format!("core+{:#x}", frame.address)] } else { names }
    };
    frames.map_or(Ok(()), |frames| {
        let names: Vec<_> = frames.iter().flat_map(names).collect();
        line("call stack", &names.join(", from "), page)
    })
}

/// The call stack of the allocations, one level per line.
fn call_stack(frames: &[Frame], page: &mut TextPage<'_>) -> io::Result<()> {
    page.write_line(label("call stack", page))?;
    frames.iter().try_for_each(|frame| page.write_line(TextLine::indent(5).text(level(frame))))
}

/// Survivors by epoch; neighbouring epochs with the same count are merged: `5 to 24: 1 each`.
fn runs(survivors: &[(u32, u64)]) -> String {
    let mut texts = Vec::new();
    for run in survivors.chunk_by(|a, b| a.0 + 1 == b.0 && a.1 == b.1) {
        let (first, last) = (run[0], run[run.len() - 1]);
        texts.push(if run.len() == 1 {
            format!("{}: {}", first.0, text::number(first.1))
        } else {
            format!("{} to {}: {} each", first.0, last.0, text::number(first.1))
        });
    }
    texts.join(", ")
}

/// Like [`ends`], but with all values unless there are more than [`EVERY`].
fn all_values(series: &[(u32, f64)]) -> String {
    let (Some((from, _)), Some((to, _))) = (series.first(), series.last()) else {
        return String::new();
    };
    if series.len() > EVERY {
        return ends(series);
    }
    let texts: Vec<_> = series.iter().map(|(_, value)| text::decimal(*value)).collect();
    format!("{} (after iterations {from} to {to})", texts.join(" "))
}

/// The events of a sequence with all details.
fn events(steps: &[StepRef], page: &mut TextPage<'_>) -> io::Result<()> {
    page.write_line(label("events", page))?;
    for StepRef { step, keys, event } in steps {
        let result = event.result.as_ref().map_or_else(|| "?".to_owned(), ToString::to_string);
        let session = event.session.map_or(String::new(), |id| format!("session {id} "));
        let command = event.cmd.map_or(String::new(), |cmd| format!("command {cmd} "));
        let caller = event.by.as_ref().map_or(String::new(), |by| format!("by {by}  "));
        let ta = event.uuid.map_or(String::new(), |uuid| uuid.to_string());
        let line =
            TextLine::indent(5).dim(format_args!("#{:<6} :{:<5} ", event.seq, event.place.at));
        let line = line.text(format_args!("{step:<16} {keys:<16} {session}{command}"));
        page.write_line(line.text(format_args!("-> {result}  {caller}")).dim(ta))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::runs;

    #[test]
    fn neighbours_come_as_one() {
        assert_eq!(runs(&[(2, 5), (3, 1), (4, 1), (5, 1), (7, 1)]), "2: 5, 3 to 5: 1 each, 7: 1");
    }
}
