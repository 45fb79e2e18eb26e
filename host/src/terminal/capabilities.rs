//! Capabilities of a terminal: its width, characters and colours.

use std::{
    env,
    ffi::OsString,
    io::{self, IsTerminal as _, Write},
    os::fd::AsFd,
};

use anstream::adapter::StripBytes;
use clap::ValueEnum;

use crate::render::text::Layout;

/// Columns of a terminal that does not report its width.
const USUAL: usize = 80;

/// The smallest width that is used.
const FEWEST: usize = 20;

/// When to use colours; auto: on a terminal, unless NO_COLOR is set or TERM is dumb.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(crate) enum Color {
    Auto,
    Always,
    Never,
}

impl Color {
    /// Whether a stream is coloured; `by_itself` is the choice of `auto`.
    pub(crate) fn wanted(self, by_itself: bool) -> bool {
        match self {
            Self::Auto => by_itself,
            Self::Always => true,
            Self::Never => false,
        }
    }

    /// The choice in a command line that could not be parsed.
    pub(crate) fn among(arguments: &[OsString]) -> Self {
        let named = |word: &OsString| Self::from_str(word.to_str()?, false).ok();
        let after = arguments.windows(2).filter(|pair| pair[0] == "--color");
        let within = |word: &OsString| {
            let value = OsString::from(word.to_str()?.strip_prefix("--color=")?);
            named(&value)
        };
        let within = arguments.iter().find_map(within);
        within.or_else(|| after.filter_map(|pair| named(&pair[1])).next()).unwrap_or(Self::Auto)
    }
}

/// A stream that strips colours, or passes them through.
pub(crate) struct Colors<'w> {
    inner: &'w mut dyn Write,
    strip: Option<StripBytes>,
}

impl<'w> Colors<'w> {
    /// Writes to `inner`.
    pub(crate) fn new(inner: &'w mut dyn Write, wanted: bool) -> Self {
        Self { inner, strip: (!wanted).then(StripBytes::new) }
    }
}

impl Write for Colors<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let Some(strip) = &mut self.strip else { return self.inner.write(bytes) };
        for plain in strip.strip_next(bytes) {
            self.inner.write_all(plain)?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

/// Capabilities of a terminal.
#[derive(Clone, Copy, Default, Debug)]
pub struct Screen {
    /// Columns; `None` if lines are not wrapped, as in a file.
    pub columns: Option<usize>,
    /// Whether it shows characters beyond ASCII.
    pub unicode: bool,
    /// Whether standard output is coloured by default.
    pub color: bool,
    /// Whether standard error is coloured by default.
    pub err_color: bool,
}

impl Screen {
    /// The terminal of this process.
    #[must_use]
    pub fn of_process() -> Self {
        let is_plain = is_plain(|name| env::var(name).ok());
        let colored = |choice| choice != anstream::ColorChoice::Never && !is_plain;
        Self {
            columns: columns(&io::stdout(), io::stdout().is_terminal()),
            unicode: is_utf8(|name| env::var(name).ok()),
            color: colored(anstream::AutoStream::choice(&io::stdout())),
            err_color: colored(anstream::AutoStream::choice(&io::stderr())),
        }
    }

    /// The layout of text for it.
    pub(crate) fn layout(self, verbose: bool) -> Layout {
        Layout { columns: self.columns, unicode: self.unicode, verbose }
    }
}

/// The columns of the terminal, else of `COLUMNS`; a file has none.
fn columns(out: &impl AsFd, is_terminal: bool) -> Option<usize> {
    let size = rustix::termios::tcgetwinsize(out).ok().filter(|_| is_terminal);
    let told = size.map(|size| usize::from(size.ws_col)).filter(|columns| *columns > 0);
    let asked = || env::var("COLUMNS").ok()?.parse().ok().filter(|columns| *columns > 0);
    let columns = told.or_else(asked).or(is_terminal.then_some(USUAL));
    columns.map(|columns| columns.max(FEWEST))
}

/// Whether the terminal has no colours. If `CI` is set, anstream assumes that every terminal has.
fn is_plain(variable: impl Fn(&str) -> Option<String>) -> bool {
    let is_forced = variable("CLICOLOR_FORCE").is_some_and(|value| value != "0");
    !is_forced && variable("TERM").as_deref() == Some("dumb")
}

/// Whether the first of these variables that is set names UTF-8 (POSIX.1-2017, section 8.2).
fn is_utf8(variable: impl Fn(&str) -> Option<String>) -> bool {
    let told = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().filter_map(variable);
    let locale = { told }.find(|value| !value.is_empty()).unwrap_or_default().to_lowercase();
    locale.contains("utf-8") || locale.contains("utf8")
}

#[cfg(test)]
mod tests {
    use crate::terminal::capabilities::*;

    fn among(all: &[(&str, &str)], name: &str) -> Option<String> {
        Some(all.iter().find(|(known, _)| *known == name)?.1.to_owned())
    }

    #[test]
    fn a_dumb_terminal_is_plain_but_where_colours_are_forced() {
        let of = |all: &[_]| is_plain(|name| among(all, name));
        assert!(of(&[("TERM", "dumb")]) && of(&[("TERM", "dumb"), ("CLICOLOR_FORCE", "0")]));
        assert!(!of(&[("TERM", "dumb"), ("CLICOLOR_FORCE", "1")]) && !of(&[("TERM", "xterm")]));
    }

    #[test]
    fn locales() {
        let of = |all: &[_]| is_utf8(|name| among(all, name));
        assert!(of(&[("LANG", "de_DE.UTF-8")]) && of(&[("LC_ALL", ""), ("LANG", "C.utf8")]));
        assert!(!of(&[("LC_ALL", "C"), ("LANG", "en_US.UTF-8")]) && !of(&[]));
    }

    #[test]
    fn colours_of_a_wrong_line() {
        let of = |words: &[&str]| Color::among(&words.iter().map(Into::into).collect::<Vec<_>>());
        assert_eq!(of(&["teeleak", "--color=never", "x"]), Color::Never);
        assert_eq!(of(&["teeleak", "x", "--color", "always"]), Color::Always);
        assert_eq!(of(&["teeleak", "--color", "pink"]), Color::Auto);
    }
}
