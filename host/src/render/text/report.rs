//! A report as text: the verdict, each finding with its evidence, then the coverage.

use std::io;

use teeleak_analysis::{
    audit::{self, Conclusion, Report, UnusedNote},
    model::{Finding, NearLine, Observation, UnusedFile},
    normal_world::{self, LedgerFact},
    text::{count, number, place as place_text},
    triage::Accepted,
};

use super::{
    clients,
    finding::{self, FindingContext},
    gaps, incident,
    line::{TextLine, Tone},
    one_look,
    page::TextPage,
    spark,
};
use crate::render::{
    labels,
    view::{
        finding::proof,
        report::{complete, headline, scope, stages},
    },
};

/// With more findings than this, an overview comes first.
const LISTED: usize = 6;

/// Findings shown in full without `-v`; the overview lists all.
const SHOWN_IN_FULL: usize = 12;

/// Writes a report.
pub(crate) fn write(
    observation: &Observation,
    report: &Report,
    page: &mut TextPage<'_>,
) -> io::Result<()> {
    page.name_tas(report.ta_names.clone());
    verdict(observation, report, page)?;
    list("which pool grows", report.pools.iter().map(|pool| &**pool), page)?;
    ledger_facts(&report.ledgers, page)?;
    findings(report, observation, page)?;
    if let Some(look) = &report.look {
        one_look::write(look, page)?;
    }
    incidents(observation, report, page)?;
    write_notes(report, observation, page)?;
    write_accepted(&report.accepted, page)?;
    list("notes on suppressions", report.suppression_notes.iter().map(|note| &**note), page)?;
    list("doubts", report.doubts.iter().map(|doubt| &**doubt), page)?;
    write_unused(&report.unused_files, page)?;
    list("inferred", observation.assumptions.iter().map(|text| &**text), page)?;
    coverage(observation, report, page)?;
    gaps::write_first(&report.coverage, page)
}

/// Writes what the last look at each ledger shows.
fn ledger_facts(facts: &[LedgerFact], page: &mut TextPage<'_>) -> io::Result<()> {
    if facts.is_empty() {
        return Ok(());
    }
    page.heading("last look at each ledger")?;
    for fact in facts {
        let indent = if fact.is_part { 4 } else { 2 };
        let line = TextLine::indent(indent).text(&fact.text);
        let place = format_args!(" ({})", place_text(&fact.place)).to_string();
        page.write_line(if fact.is_part { line } else { line.dim(place) })?;
    }
    Ok(())
}

/// Writes the incidents; without `-v` only those that no finding states.
fn incidents(
    observation: &Observation,
    report: &Report,
    page: &mut TextPage<'_>,
) -> io::Result<()> {
    let mut incidents: Vec<_> = observation.incidents.iter().collect();
    if incidents.iter().any(|one| report.states(one)) && !page.shows_all() {
        incidents.retain(|one| !report.states(one));
    }
    incident::write(&incidents, page)
}

fn verdict(observation: &Observation, report: &Report, page: &mut TextPage<'_>) -> io::Result<()> {
    let tone = match report.conclusion {
        Conclusion::Clean => Tone::Good,
        Conclusion::Leak | Conclusion::Order => Tone::Bad,
        Conclusion::Inconclusive => Tone::Warn,
    };
    let (word, what) = (labels::verdict(report.conclusion), headline(report));
    let line = TextLine::default().tone(tone, word).text(format_args!(": {what} "));
    page.write_line(line.dim(format_args!("({})", scope(observation))))
}

/// Writes the findings, each with its effects. If there are many, an overview comes first and only the
/// first are complete.
fn findings(report: &Report, observation: &Observation, page: &mut TextPage<'_>) -> io::Result<()> {
    let all: Vec<_> = report.stories().collect();
    if all.len() > LISTED {
        overview(&all, page)?;
    }
    let n_shown =
        if all.len() > SHOWN_IN_FULL && !page.shows_all() { SHOWN_IN_FULL } else { all.len() };
    let context = FindingContext { all: &all, observation: Some(observation) };
    for (n, found) in all.iter().take(n_shown).enumerate() {
        finding::write(Some(n + 1), found, context, page)?;
        finding::effects(audit::effects(found, &report.findings), context, page)?;
    }
    if n_shown < all.len() {
        page.blank()?;
        let remaining = number((all.len() - n_shown) as u64);
        page.write_line(
            TextLine::default().dim(format_args!("{remaining} more; use -v to show all")),
        )?;
    }
    Ok(())
}

/// Writes the notes that are no effects, each with its evidence.
fn write_notes(
    report: &Report,
    observation: &Observation,
    page: &mut TextPage<'_>,
) -> io::Result<()> {
    let is_own = |note: &&Finding| !audit::is_effect(note, &report.findings);
    let notes: Vec<_> = report.notes().iter().filter(is_own).collect();
    if notes.is_empty() {
        return Ok(());
    }
    page.heading("notes")?;
    for note in notes {
        page.write_line(TextLine::indent(2).text(&note.title))?;
        let spark = spark::spark_line(note, Some(observation), TextLine::indent(4), page);
        match (spark, proof(note)) {
            (Some(spark), _) if !page.shows_all() => page.write_line(spark)?,
            (_, Some(proof)) => page.write_line(TextLine::indent(4).dim(proof))?,
            (_, None) => {}
        }
    }
    Ok(())
}

/// Writes the accepted findings, with the reason why they do not count.
fn write_accepted(accepted: &[Accepted], page: &mut TextPage<'_>) -> io::Result<()> {
    if accepted.is_empty() {
        return Ok(());
    }
    let n = count(accepted.len() as u64, "finding");
    let verb = if accepted.len() == 1 { "does" } else { "do" };
    page.blank()?;
    page.write_line(
        TextLine::default().head("accepted").text(format_args!(": {n} that {verb} not count")),
    )?;
    for Accepted { finding, excuse } in accepted {
        page.write_line(TextLine::indent(2).text(&finding.title))?;
        page.write_line(TextLine::indent(4).text(excuse))?;
        page.write_line(TextLine::indent(4).dim(&finding.fingerprint))?;
    }
    Ok(())
}

/// Writes which files checked nothing, and the lines that nearly fit.
fn write_unused(notes: &[UnusedNote], page: &mut TextPage<'_>) -> io::Result<()> {
    if notes.is_empty() {
        return Ok(());
    }
    page.heading("files that nothing fits")?;
    for note in notes {
        let UnusedFile { kind, name, .. } = &note.file;
        page.write_line(TextLine::indent(2).warn(format_args!("{} {name}", kind.name())))?;
        for NearLine { place, text } in &note.file.nearest {
            let line = TextLine::indent(4).dim(format_args!("near {} ", place_text(place)));
            page.write_line(line.text(text))?;
        }
        page.write_line(TextLine::indent(4).dim("next ").text(&note.next_step))?;
    }
    Ok(())
}

/// Writes one line per finding.
fn overview(findings: &[&Finding], page: &mut TextPage<'_>) -> io::Result<()> {
    for (n, one) in findings.iter().enumerate() {
        let line = TextLine::indent(2).text(format_args!("{}. {}", n + 1, one.title));
        page.write_line(line)?;
    }
    Ok(())
}

fn list<'t>(
    title: &str,
    mut texts: impl ExactSizeIterator<Item = &'t str>,
    page: &mut TextPage<'_>,
) -> io::Result<()> {
    if texts.len() == 0 {
        return Ok(());
    }
    page.heading(title)?;
    texts.try_for_each(|text| page.write_line(TextLine::indent(2).text(text)))
}

fn coverage(observation: &Observation, report: &Report, page: &mut TextPage<'_>) -> io::Result<()> {
    page.heading("observed")?;
    if observation.platform.no_tee.is_none() {
        of_tee(observation, report, page)?;
    }
    clients::write(&observation.clients, page)?;
    ledgers(observation, page)?;
    if let Some(canary) = &observation.canary {
        let tone = if canary.found < canary.expected { Tone::Bad } else { Tone::Dim };
        let [size, found, expected] =
            [canary.size, canary.found, canary.expected].map(|n| number(n.into()));
        let text = format!("canary of {size} bytes found in {found} of {expected} snapshots");
        page.write_line(TextLine::indent(2).tone(tone, text))?;
    }
    failures(observation, page)?;
    let accounting = &observation.accounting;
    page.write_line(TextLine::indent(2).text(format_args!(
        "input: {} read, {} used, {} unrelated, {} damaged",
        number(accounting.read),
        number(accounting.parsed),
        number(accounting.ignored),
        number(accounting.rejected)
    )))
}

/// Writes what was observed of the TEE.
fn of_tee(observation: &Observation, report: &Report, page: &mut TextPage<'_>) -> io::Result<()> {
    let samples = &observation.samples;
    let mut row = |text: String| page.write_line(TextLine::indent(2).text(text));
    let stages = stages(samples);
    let stages = if stages.is_empty() { stages } else { format!(": {stages}") };
    row(format!("{}{stages}", count(samples.len() as u64, "snapshot")))?;
    row(format!("complete snapshots: {}", complete(samples)))?;
    let events = count(observation.events.len() as u64, "event");
    row(format!("{events}, {} of a protocol", count(report.steps, "step")))
}

/// Writes which ledgers of the normal world a run recorded.
fn ledgers(observation: &Observation, page: &mut TextPage<'_>) -> io::Result<()> {
    if !normal_world::live(&observation.normal) {
        return Ok(());
    }
    let mut prints: Vec<(&str, u64)> = Vec::new();
    for census in &observation.normal.censuses {
        match prints.iter_mut().find(|(name, _)| *name == census.ledger.info().name) {
            Some((_, n)) => *n += 1,
            None => prints.push((census.ledger.info().name, 1)),
        }
    }
    let texts: Vec<_> = prints.iter().map(|(name, n)| format!("{name} ({})", number(*n))).collect();
    page.write_line(
        TextLine::indent(2).text(format_args!("ledger snapshots: {}", texts.join(", "))),
    )
}

fn failures(observation: &Observation, page: &mut TextPage<'_>) -> io::Result<()> {
    if observation.failed.is_empty() {
        return Ok(());
    }
    let mut statuses: Vec<_> = observation.failed.iter().map(|(_, status)| *status).collect();
    statuses.sort_unstable();
    statuses.dedup();
    let n = count(observation.failed.len() as u64, "iteration");
    let text = format!("the workload failed in {n}, with status {statuses:?}");
    page.write_line(TextLine::indent(2).warn(text))
}
