//! A report as Markdown: the verdict, a table of findings, and the full text, folded.

use std::io::{self, Write};

use teeleak_analysis::{
    audit::{self, Report},
    blame, known_leaks,
    model::{Finding, Observation},
};

use crate::{
    escape::push_escaped,
    render::{
        labels,
        text::{plain, report as text_report},
        view::{
            finding::{subject, value},
            report::{headline, scope},
        },
    },
};

/// Writes a report.
pub(crate) fn write(
    observation: &Observation,
    report: &Report,
    out: &mut dyn Write,
) -> io::Result<()> {
    let verdict = labels::verdict(report.conclusion);
    writeln!(out, "## teeleak: {verdict}\n")?;
    writeln!(out, "{} ({})", escape(&headline(report)), escape(&scope(observation)))?;
    if !report.counted().is_empty() {
        table(report, out)?;
    }
    let text = plain(|out| text_report::write(observation, report, out));
    let fence = fence(&text);
    writeln!(out, "\n<details><summary>full report</summary>\n\n{fence}text")?;
    writeln!(out, "{text}{fence}\n\n</details>")
}

fn table(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "\n| | finding | about | figures | blame |\n| --: | --- | --- | --- | --- |")?;
    for finding in report.counted() {
        let n = report.number(&finding.fingerprint);
        let figures: Vec<_> =
            finding.figures.iter().map(|one| format!("{}: {}", one.name(), value(one))).collect();
        let cells = [
            &title(finding),
            &subject(&finding.subject),
            &figures.join("<br>"),
            &blame(finding, report),
        ];
        let [title, about, figures, blame] =
            cells.map(|cell| escape(cell).replace("&lt;br>", "<br>"));
        let n = n.map_or(String::new(), |n| n.to_string());
        writeln!(out, "| {n} | {title} | {about} | {figures} | {blame} |")?;
    }
    Ok(())
}

/// Who is to blame for a finding, or which finding it is an effect of.
fn blame(finding: &Finding, report: &Report) -> String {
    let story = audit::story(finding, &report.findings);
    let number = report.number(&story.fingerprint);
    match number.filter(|_| audit::is_effect(finding, &report.findings)) {
        Some(number) => format!("effect of {number}"),
        None => finding.blame.as_ref().map(blame::sentence).unwrap_or_default(),
    }
}

/// The title, and the leaks of OP-TEE that it may be.
fn title(finding: &Finding) -> String {
    let known_leaks =
        finding.known_leaks().map(|leak| format!("<br>known: {}", known_leaks::sentence(leak)));
    format!("{}{}", finding.title, known_leaks.collect::<String>())
}

/// Escapes Markdown and HTML markup, and what a terminal would obey.
fn escape(text: &str) -> String {
    let mut markdown = String::new();
    for letter in text.chars() {
        match letter {
            '<' => markdown.push_str("&lt;"),
            '&' => markdown.push_str("&amp;"),
            '\n' | '\r' => markdown.push(' '),
            '|' | '*' | '_' | '`' | '\\' | '[' | ']' => markdown.extend(['\\', letter]),
            other => push_escaped(&mut markdown, other),
        }
    }
    markdown
}

/// A fence that does not occur in the text.
fn fence(text: &str) -> String {
    let mut fence = "```".to_owned();
    while text.contains(&fence) {
        fence.push('`');
    }
    fence
}

#[cfg(test)]
mod tests {
    use super::{escape, fence};

    #[test]
    fn nothing_becomes_markup() {
        assert_eq!(escape("a|b <i> *c*\n& `d`"), r"a\|b &lt;i> \*c\* &amp; \`d\`");
        assert_eq!(fence("x ``` y"), "````");
    }
}
