//! Rules: read a vendor's trace lines as steps of a protocol.
//!
//! ```toml
//! [[rule]]
//! step = "map"
//! pattern = 'input_buf_map: channel (?<channel>\d+) pa (?<pa>0x[0-9a-f]+) ret (?<result>\S+)'
//! ```
//!
//! Every named group becomes a key of the step. Some names have a meaning: `result` (a code or its name,
//! 0 or `ok` for success; other words are those of a failure), `session`, `ta` (a UUID), `pid`, `tid` and
//! `comm` of the calling process; the figures of a group `value` are a series of their own. Numbers are decimal, or hexadecimal after `0x`; of any other text a
//! hash is used.

mod cursor;
pub(super) mod literal_pattern;
pub(crate) mod literal_text;
mod near_lines;
mod result;
mod rule;
mod user_files;

use std::sync::Arc;

use cursor::Literals;
pub(super) use cursor::{LineHits, RuleCursor};
pub(super) use near_lines::BestLines;
use rule::ConsoleRule;
pub(super) use rule::{RuleHit, RuleStep, RuleSteps};
use serde::Deserialize;
use toml::Spanned;
pub(super) use user_files::{FileSet, UserFile, UserFiles};

use crate::{catalogue::Catalogue, mistake::Mistake, model::UserFileKind};

/// The pattern for the lines that start an iteration is invalid.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("the mark is not a valid regular expression: {0}")]
pub struct MarkError(String);

/// Compiled rules.
#[derive(Clone, Debug, Default)]
pub struct Rules {
    rules: Vec<ConsoleRule>,
    literals: Literals,
    /// The catalogue with the user's own messages, if there are any.
    messages: Option<Arc<Catalogue>>,
    files: UserFiles,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileForm {
    #[serde(default)]
    rule: Vec<RuleForm>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleForm {
    step: Spanned<String>,
    pattern: Spanned<String>,
}

impl Rules {
    /// Adds the rules of a file; `source` is its name in messages.
    ///
    /// # Errors
    /// If the file is not valid TOML, or has an unknown key, an empty step or an invalid pattern; with the
    /// place of the mistake.
    pub fn add_file(&mut self, source: &str, text: &str) -> Result<(), Mistake> {
        let mistake = |span, message: &str, hint: &str| {
            Mistake::new((source, text), span, message, Some(hint.to_owned()))
        };
        let form: FileForm = toml::from_str(text).map_err(|error| {
            let span = error.span().unwrap_or(0..text.len().min(1));
            mistake(span, error.message(), "a rule is a [[rule]] table with `step` and `pattern`")
        })?;
        let patterns = form.rule.iter().map(|rule| rule.pattern.get_ref().as_str());
        let patterns: Vec<_> = patterns.map(ToOwned::to_owned).collect();
        let file = self.files.next_set();
        for rule in form.rule {
            let step = rule.step.get_ref();
            if step.is_empty() {
                let hint = "name the step, for example \"map\"";
                return Err(mistake(rule.step.span(), "the step has no name", hint));
            }
            let step = Some((step.as_str().into(), file));
            let compiled = ConsoleRule::new(step, rule.pattern.get_ref());
            let compiled = compiled.map_err(|message| {
                mistake(
                    rule.pattern.span(),
                    &message,
                    "patterns use the syntax of the Rust crate `regex`",
                )
            })?;
            self.rules.push(compiled);
        }
        let patterns = patterns.iter().map(String::as_str);
        self.files.add_patterns(UserFileKind::Rules, source, patterns);
        self.index();
        Ok(())
    }

    /// Notes a protocol file whose steps have these names: lines with words of them may be steps.
    pub fn expect_steps<'n>(&mut self, source: &str, names: impl Iterator<Item = &'n str>) {
        self.files.add_names(UserFileKind::Protocol, source, names);
    }

    /// The files that the user named.
    pub(super) const fn files(&self) -> &UserFiles {
        &self.files
    }

    /// The names of teeleak's built-in rules.
    pub const BUILT_IN: [&'static str; 2] = ["secure-video", "kmem"];

    /// The text of teeleak's built-in rules of that name.
    #[must_use]
    pub fn built_in(name: &str) -> Option<&'static str> {
        match name {
            "secure-video" => Some(include_str!("../../../../rules/secure-video.toml")),
            "kmem" => Some(include_str!("../../../../rules/kmem.toml")),
            _ => None,
        }
    }

    /// Adds the pattern of the lines that start an iteration.
    ///
    /// # Errors
    /// When the pattern is not a valid regular expression.
    pub fn add_mark(&mut self, pattern: &str) -> Result<(), MarkError> {
        self.rules.push(ConsoleRule::new(None, pattern).map_err(MarkError)?);
        self.index();
        Ok(())
    }

    /// Uses this catalogue instead of the built-in one.
    pub fn set_messages(&mut self, catalogue: Catalogue) {
        for (name, patterns) in catalogue.user_files() {
            self.files.add_patterns(UserFileKind::Messages, name, patterns.into_iter());
        }
        self.messages = Some(Arc::new(catalogue));
    }

    /// What the messages mean.
    pub(super) fn catalogue(&self) -> &Catalogue {
        self.messages.as_deref().unwrap_or_else(|| Catalogue::built_in())
    }

    fn index(&mut self) {
        self.literals =
            Literals::new(&self.rules.iter().map(ConsoleRule::literal).collect::<Vec<_>>());
    }

    /// Whether there are no rules.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// Whether one of the rules is a mark.
    #[must_use]
    pub fn has_mark(&self) -> bool {
        self.rules.iter().any(|rule| rule.step.is_none())
    }

    /// A cursor over the lines of `chunk` that may match.
    pub(super) fn cursor<'a>(&'a self, chunk: &'a [u8]) -> RuleCursor<'a> {
        RuleCursor::new(&self.literals, chunk)
    }

    /// Applies the first rule that matches `line`, of those that [`RuleCursor::hits`] returned.
    #[inline]
    pub(super) fn apply(
        &self,
        line: &[u8],
        hits: LineHits,
        steps: &mut RuleSteps,
    ) -> Option<RuleHit> {
        let rules = self.rules.iter().enumerate().filter(|(at, _)| hits.which.contains(*at));
        rules.map(|(_, rule)| rule).find_map(|rule| rule.apply(line, hits.from, steps))
    }
}

#[cfg(test)]
mod tests {
    use super::{LineHits, RuleHit, RuleSteps, Rules};
    use crate::model::StepResult;

    const MAP: &str = r"
[[rule]]
step = 'map'
pattern = 'buf_map: ch (?<channel>\d+) pa (?<pa>0x[0-9a-f]+) pid (?<pid>\d+) ret (?<result>\S+)'
";

    #[test]
    fn a_value_is_a_number_or_nothing() {
        let mut rules = Rules::default();
        rules
            .add_file("used.toml", "[[rule]]\nstep = 'u'\npattern = 'used (?<value>\\S+)'")
            .unwrap();
        for (line, value) in
            [("used 43.71", Some(43)), ("used 0x1f", Some(31)), ("used up", None), ("used .", None)]
        {
            let mut steps = RuleSteps::default();
            assert!(rules.apply(line.as_bytes(), LineHits::ANY, &mut steps).is_some());
            assert_eq!(steps.all[0].keys.get("value".into()), value, "{line}");
        }
    }

    #[test]
    fn groups_become_keys() {
        let mut rules = Rules::default();
        rules.add_file("map.toml", MAP).unwrap();
        let line = b"x buf_map: ch 3 pa 0x5a pid 7 ret 0xffff000c y";
        let mut steps = RuleSteps::default();
        assert_eq!(rules.apply(line, LineHits::ANY, &mut steps), Some(RuleHit::Step));
        let step = steps.all.remove(0);
        let result = Some(StepResult::Code(0xffff_000c));
        assert_eq!((&*step.name, step.result), ("map", result));
        assert_eq!(step.by.as_ref().unwrap().pid, 7);
        let keys: Vec<_> = step.keys.iter().map(|(name, key)| (name.to_string(), key)).collect();
        assert_eq!(keys, [("channel".into(), 3), ("pa".into(), 0x5a)]);
        assert!(rules.apply(b"buf_map: nothing", LineHits::ANY, &mut steps).is_none());
    }

    #[test]
    fn mistakes_are_located() {
        for (text, line, column) in [
            ("[[rule]]\nstep = 'a'\npattern = '('\n", 3, 11),
            ("[[rule]]\nstep = ''\npattern = 'x'\n", 2, 8),
            ("[[rule]]\nstep = 'a'\npatern = 'x'\n", 3, 1),
            ("[[rule]\n", 1, 8),
        ] {
            let error = Rules::default().add_file("r.toml", text).unwrap_err();
            assert_eq!((error.line, error.column), (line, column), "{error}");
        }
    }
}
