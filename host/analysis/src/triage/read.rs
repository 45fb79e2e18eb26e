//! Files of suppressions and of notes.

use std::{ops::Range, sync::Arc};

use serde::Deserialize;
use toml::{Spanned, value::Datetime};

use super::{Day, Excuse, Fix, Rule};
use crate::mistake::Mistake;

/// Prefix of the fingerprints of this version; others match nothing.
const VERSION: &str = "v1:";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Suppressions {
    suppress: Vec<Spanned<Suppression>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Suppression {
    fingerprint: Spanned<String>,
    reason: Spanned<String>,
    expires: Option<Spanned<Datetime>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Notes {
    fixed: Vec<Note>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Note {
    fingerprint: Spanned<String>,
    version: Spanned<String>,
    note: Option<String>,
}

/// A file with the mistakes found in it.
struct File<'a> {
    source: &'a str,
    text: &'a str,
    mistakes: Vec<Mistake>,
}

pub(super) fn suppressions(source: &str, text: &str) -> Result<Vec<Rule>, Vec<Mistake>> {
    let form: Suppressions =
        parse(source, text, "a suppression file consists of [[suppress]] tables")?;
    let mut file = File { source, text, mistakes: Vec::new() };
    let rules = form.suppress.iter().filter_map(|one| file.suppression(one)).collect();
    file.finish(rules)
}

/// The builtin suppressions, which never expire.
pub(super) fn builtin_rules(text: &str) -> Vec<Rule> {
    let form = toml::from_str(text).unwrap_or(Suppressions { suppress: Vec::new() });
    let rule = |one: Spanned<Suppression>| {
        let Suppression { fingerprint, reason, .. } = one.into_inner();
        let excuse = Excuse::Known(reason.into_inner().into());
        Rule { pattern: fingerprint.into_inner().into(), excuse }
    };
    form.suppress.into_iter().map(rule).collect()
}

pub(super) fn fixes(source: &str, text: &str) -> Result<Vec<Fix>, Vec<Mistake>> {
    let form: Notes = parse(source, text, "a notes file consists of [[fixed]] tables")?;
    let mut file = File { source, text, mistakes: Vec::new() };
    let mut fixes = Vec::new();
    for note in form.fixed {
        let pattern = file.fingerprint(&note.fingerprint);
        let version = file.words(&note.version, "give the version that has the fix");
        fixes.push(Fix { pattern, version, note: note.note.map(Arc::from) });
    }
    file.finish(fixes)
}

fn parse<'a, T: Deserialize<'a>>(
    source: &str,
    text: &'a str,
    hint: &str,
) -> Result<T, Vec<Mistake>> {
    toml::from_str(text).map_err(|error| {
        let span = error.span().unwrap_or(0..text.len().min(1));
        vec![Mistake::new((source, text), span, error.message(), Some(hint.to_owned()))]
    })
}

impl File<'_> {
    fn mistake(&mut self, span: Range<usize>, message: &str, hint: &str) {
        let hint = Some(hint.to_owned());
        self.mistakes.push(Mistake::new((self.source, self.text), span, message, hint));
    }

    fn finish<T>(self, read: T) -> Result<T, Vec<Mistake>> {
        if self.mistakes.is_empty() { Ok(read) } else { Err(self.mistakes) }
    }

    fn suppression(&mut self, one: &Spanned<Suppression>) -> Option<Rule> {
        let Suppression { fingerprint, reason, expires } = one.get_ref();
        let pattern = self.fingerprint(fingerprint);
        let reason = self.words(reason, "give the reason and a contact");
        let Some(expires) = expires else {
            let hint = "add its last day, such as `expires = 2027-03-31`";
            self.mistake(one.span(), "this suppression has no `expires`", hint);
            return None;
        };
        let Some(date) = expires.get_ref().date else {
            self.mistake(
                expires.span(),
                "expected a date, found a time",
                "write a date such as 2027-03-31",
            );
            return None;
        };
        let last_day = Day { year: date.year, month: date.month, day: date.day };
        let head = self.text.get(..fingerprint.span().start).unwrap_or_default();
        let position = (self.source.into(), head.matches('\n').count() + 1);
        Some(Rule { pattern, excuse: Excuse::Suppressed { at: position, reason, until: last_day } })
    }

    fn fingerprint(&mut self, text: &Spanned<String>) -> Arc<str> {
        let pattern = text.get_ref();
        if !pattern.starts_with(VERSION) {
            let hint =
                "copy a finding's fingerprint, which starts with \"v1:\", with * for any text";
            self.mistake(text.span(), "expected a fingerprint that starts with `v1:`", hint);
        }
        pattern.as_str().into()
    }

    fn words(&mut self, text: &Spanned<String>, hint: &str) -> Arc<str> {
        if text.get_ref().trim().is_empty() {
            self.mistake(text.span(), "expected text, found an empty string", hint);
        }
        text.get_ref().as_str().into()
    }
}
