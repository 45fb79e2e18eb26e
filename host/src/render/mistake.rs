//! Errors in files written by the user: what is wrong, where, and what to write instead.

use std::{fmt, ops::Range, sync::Arc};

use miette::{
    Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, NamedSource, SourceCode,
    ThemeCharacters, ThemeStyles,
};
use teeleak_analysis::mistake::Mistake;

/// A mistake together with its source file.
#[derive(Debug)]
struct Marked<'a> {
    message: &'a str,
    hint: Option<&'a str>,
    span: Range<usize>,
    file: NamedSource<Arc<str>>,
}

impl fmt::Display for Marked<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.message)
    }
}

impl std::error::Error for Marked<'_> {}

impl Diagnostic for Marked<'_> {
    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.hint.map(|hint| Box::new(hint) as Box<_>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        Some(&self.file)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        Some(Box::new(std::iter::once(LabeledSpan::underline(self.span.clone()))))
    }
}

/// All mistakes of a file, as one error.
pub(crate) fn error(what: &str, text: &str, mistakes: &[Mistake]) -> anyhow::Error {
    anyhow::anyhow!("mistakes in {what}\n{}", super::mistake::mistakes(text, mistakes).trim_end())
}

/// All mistakes of one file, one after the other, in colour; the writer strips the colours if the
/// output does not support them.
fn mistakes(text: &str, mistakes: &[Mistake]) -> String {
    let text = Arc::from(text);
    mistakes.iter().map(|mistake| report(&text, mistake)).collect::<Vec<_>>().join("\n")
}

fn report(text: &Arc<str>, mistake: &Mistake) -> String {
    let diagnostic = Marked {
        message: &mistake.message,
        hint: mistake.hint.as_deref(),
        span: within_line(text, &mistake.span),
        file: NamedSource::new(&mistake.source, Arc::clone(text)),
    };
    let theme =
        GraphicalTheme { characters: ThemeCharacters::ascii(), styles: ThemeStyles::ansi() };
    let handler = GraphicalReportHandler::new_themed(theme)
        .with_links(false)
        .with_wrap_lines(false)
        .with_context_lines(1);
    let mut output = String::new();
    match handler.render_report(&mut output, &diagnostic) {
        Ok(()) => output,
        // The source excerpt could not be drawn: print the message and its location.
        Err(fmt::Error) => format!("{mistake}\n"),
    }
}

/// The part of a span on its first line; at least one character unless that line is empty.
fn within_line(text: &str, span: &Range<usize>) -> Range<usize> {
    let start = span.start.min(text.len());
    let line = text.get(start..).and_then(|rest| rest.lines().next()).unwrap_or_default();
    start..span.end.clamp(start, start + line.len())
}
