//! Findings as workflow commands of GitHub Actions, which become annotations.

use std::io::{self, Write};

use teeleak_analysis::{
    audit::{self, Conclusion, Report},
    blame, known_leaks,
    model::{Finding, Severity},
};

use super::place;
use crate::{
    escape::push_escaped,
    render::{labels, view::report::headline},
};

/// Writes one line per finding with its effects, or the verdict if nothing was found.
pub(crate) fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    (1..).zip(report.stories()).try_for_each(|(n, finding)| annotate(n, finding, report, out))?;
    let (level, verdict) = match report.conclusion {
        Conclusion::Clean => ("notice", labels::verdict(report.conclusion)),
        Conclusion::Inconclusive => ("error", labels::verdict(report.conclusion)),
        Conclusion::Leak | Conclusion::Order => return Ok(()),
    };
    writeln!(out, "::{level} title=teeleak::{verdict}: {}", message(&headline(report)))
}

fn annotate(n: usize, finding: &Finding, report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let level = if finding.severity == Severity::Failure { "error" } else { "warning" };
    write!(out, "::{level} title=teeleak")?;
    if let Some((file, line)) = place(&finding.subject) {
        write!(out, ",file={},line={line}", property(file))?;
    }
    let known_leaks =
        finding.known_leaks().map(|leak| format!("known: {}\n", known_leaks::sentence(leak)));
    let known_leaks: String = known_leaks.collect();
    let blame = finding.blame.as_ref();
    let blame = blame.map_or(String::new(), |one| format!("blame: {}\n", blame::sentence(one)));
    let effects = audit::effects(finding, &report.findings);
    let effects: String = effects.map(|effect| format!("effect: {}\n", effect.title)).collect();
    let Finding { title, next_step, fingerprint, .. } = finding;
    let text = format!("{n}. {title}\n{known_leaks}{blame}{effects}{next_step}\n{fingerprint}");
    writeln!(out, "::{}", message(&text))
}

/// Escapes characters that would end a message, or that a terminal would obey.
fn message(text: &str) -> String {
    let mut safe_text = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '%' => safe_text.push_str("%25"),
            '\r' => safe_text.push_str("%0D"),
            '\n' => safe_text.push_str("%0A"),
            other => push_escaped(&mut safe_text, other),
        }
    }
    safe_text
}

/// Escapes characters that would end a property.
fn property(text: &str) -> String {
    message(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::{message, property};

    #[test]
    fn what_would_end_a_command_is_escaped() {
        assert_eq!(message("50 %\r\n::error::x"), "50 %25%0D%0A::error::x");
        assert_eq!(property("a,b:c\n"), "a%2Cb%3Ac%0A");
        assert_eq!(message("\u{1b}]0;\u{7}\u{9b}2J\u{202e}"), "\\u{1b}]0;\\u{7}\\u{9b}2J\\u{202e}");
    }
}
