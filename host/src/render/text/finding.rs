//! One finding with its figures, its proof, its cause and what to do.

use std::io::{self, Write};

use teeleak_analysis::model::{Evidence, Figure, Finding, Fingerprint, Severity, StepRef, Subject};

use super::{BAD, DIM, HEAD, WARN};
use crate::{
    error,
    render::words::{self, grouped},
};

/// Values of a series that are shown, half of them from each end.
const VALUES: usize = 12;

/// Writes the `n`th finding of `all`.
pub(crate) fn write(
    n: usize,
    finding: &Finding,
    all: &[&Finding],
    out: &mut dyn Write,
) -> io::Result<()> {
    let style = if finding.severity == Severity::Failure { BAD } else { WARN };
    writeln!(out, "\n{style}{n}. {}{style:#}", finding.title)?;
    line("about", &subject(&finding.subject), out)?;
    for alike in finding.figures.chunk_by(|a, b| a.name == b.name) {
        let values: Vec<_> = alike.iter().map(value).collect();
        line(&alike[0].name, &values.join(", "), out)?;
    }
    for evidence in &finding.evidence {
        write_evidence(evidence, out)?;
    }
    if let Some((cause, reason)) = &finding.cause {
        let which = number(cause, all).map_or(String::new(), |n| format!("finding {n}: "));
        line("cause", &format!("{which}{reason}"), out)?;
    }
    line("next", &finding.action, out)?;
    writeln!(out, "   {DIM}{:<11} {}{DIM:#}", "id", finding.fingerprint)
}

/// Number of the finding with this fingerprint, from 1.
pub(crate) fn number(fingerprint: &Fingerprint, all: &[&Finding]) -> Option<usize> {
    Some(1 + all.iter().position(|other| other.fingerprint == *fingerprint)?)
}

fn line(name: &str, text: &str, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "   {HEAD}{name:<11}{HEAD:#} {text}")
}

/// A subject in one line.
pub(crate) fn subject(subject: &Subject) -> String {
    match subject {
        Subject::Site { file, line, size, owner, caller } => {
            let owner = owner.map_or(String::new(), |owner| format!(", for {owner}"));
            let caller = caller.as_ref().map_or(String::new(), |from| format!(", from {from}"));
            format!("{file}:{line}, {} bytes each{owner}{caller}", grouped(*size))
        }
        Subject::Ta(uuid) => format!("TA {uuid}"),
        Subject::Pool(name) => format!("pool {name}"),
        Subject::Holding { ledger, name } if name.is_empty() => ledger.to_string(),
        Subject::Holding { ledger, name } => format!("{name} in {ledger}"),
        Subject::Resource { protocol, resource } => format!("{resource} of {protocol}"),
    }
}

/// A figure with its unit and its interval.
pub(crate) fn value(figure: &Figure) -> String {
    let interval = figure.interval.map_or(String::new(), |(low, high)| {
        format!(" (95 %: {} to {})", digits(low), digits(high))
    });
    let (value, unit) = (digits(figure.value), words::figure_unit(figure.unit));
    // "1 object per iteration", "2 objects per iteration".
    let unit = match unit.split_once(' ') {
        _ if value != "1" => unit.to_owned(),
        Some((things, rest)) => format!("{} {rest}", things.trim_end_matches('s')),
        None => unit.trim_end_matches('s').to_owned(),
    };
    format!("{value} {unit}{interval}")
}

/// Whole where it is whole, else with two digits.
fn digits(value: f64) -> String {
    if value.fract() == 0.0 { format!("{value:.0}") } else { format!("{value:.2}") }
}

fn write_evidence(evidence: &Evidence, out: &mut dyn Write) -> io::Result<()> {
    match evidence {
        Evidence::Text(text) => line("evidence", text, out),
        Evidence::Survivors(survivors) => {
            line("survivors", &format!("born in {}", runs(survivors)), out)
        }
        Evidence::Series(series) => line("series", &ends(series), out),
        Evidence::Sequence(steps) => sequence(steps, out),
        Evidence::Expected(order) => line("expected", order, out),
        Evidence::At(place) => line("at", &format!("{}:{}", place.source, place.at), out),
        Evidence::Member(member, figures) => {
            let figures: Vec<_> = figures.iter().map(value).collect();
            line("together", &format!("{}: {}", subject(member), figures.join(", ")), out)
        }
    }
}

/// Neighbouring epochs with the same count come as one: `5 to 24: 1 each`.
fn runs(survivors: &[(u32, u64)]) -> String {
    let mut texts = Vec::new();
    for run in survivors.chunk_by(|a, b| a.0 + 1 == b.0 && a.1 == b.1) {
        let (first, last) = (run[0], run[run.len() - 1]);
        texts.push(if run.len() == 1 {
            format!("{}: {}", first.0, grouped(first.1))
        } else {
            format!("{} to {}: {} each", first.0, last.0, grouped(first.1))
        });
    }
    texts.join(", ")
}

/// The values, and after which iterations they were seen.
fn ends(series: &[(u32, f64)]) -> String {
    let (Some((from, _)), Some((to, _))) = (series.first(), series.last()) else {
        return String::new();
    };
    let texts: Vec<_> = series.iter().map(|(_, value)| digits(*value)).collect();
    let values = if texts.len() <= VALUES {
        texts.join(" ")
    } else {
        let (head, tail) = (&texts[..VALUES / 2], &texts[texts.len() - VALUES / 2..]);
        format!("{} ... {}", head.join(" "), tail.join(" "))
    };
    format!("{values} (after iterations {from} to {to})")
}

/// What a note rests on, in one line: figures of the pool as it was seen last, and its values; else the
/// first sentence.
pub(crate) fn proof(finding: &Finding) -> Option<String> {
    let seen = ["in use", "size", "failed allocations"];
    let figures = finding.figures.iter().filter(|figure| seen.contains(&&*figure.name));
    let mut texts: Vec<_> =
        figures.map(|figure| format!("{} {}", figure.name, value(figure))).collect();
    texts.extend(finding.evidence.iter().find_map(|evidence| match evidence {
        Evidence::Series(series) => Some(format!("series {}", ends(series))),
        _ => None,
    }));
    if texts.is_empty() {
        texts.extend(finding.evidence.iter().find_map(|evidence| match evidence {
            Evidence::Text(text) => Some(text.to_string()),
            Evidence::At(place) => Some(format!("at {}:{}", place.source, place.at)),
            _ => None,
        }));
    }
    (!texts.is_empty()).then(|| texts.join(", "))
}

fn sequence(steps: &[StepRef], out: &mut dyn Write) -> io::Result<()> {
    line("sequence", "", out)?;
    for StepRef { step, keys, event } in steps {
        let result = match event.result {
            None => "?".to_owned(),
            Some(0) => "ok".to_owned(),
            Some(result) => error::name(result),
        };
        let session = event.session.map_or(String::new(), |id| format!("session {id} "));
        let command = event.cmd.map_or(String::new(), |cmd| format!("command {cmd} "));
        let by = event.by.as_ref().map_or(String::new(), |by| format!("by {by}  "));
        let ta = event.uuid.map_or(String::new(), |uuid| uuid.to_string());
        writeln!(
            out,
            "     {DIM}#{:<6} :{:<5}{DIM:#} {step:<16} {keys:<16} {session}{command}-> {result}  {by}{DIM}{ta}{DIM:#}",
            event.seq, event.place.at
        )?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_come_as_one() {
        assert_eq!(runs(&[(2, 5), (3, 1), (4, 1), (5, 1), (7, 1)]), "2: 5, 3 to 5: 1 each, 7: 1");
    }

    #[test]
    fn long_series_show_their_ends() {
        let series: Vec<_> = (0..20).map(|n| (n, f64::from(n))).collect();
        let shown = "0 1 2 3 4 5 ... 14 15 16 17 18 19 (after iterations 0 to 19)";
        assert_eq!(ends(&series), shown);
    }
}
