//! What recurring lines of a log suggest: rules that turn them into steps, and the protocol of these.
//!
//! A line's form is its words with the numbers taken out. Numbers before the first word and times of day
//! are stamps.

use std::{collections::HashMap, fmt::Write as _};

use super::{
    document::Suggestion,
    trace::{Action, Record, Trace},
};

/// Most forms of lines that are followed.
const FORMS: usize = 512;

/// Most lines that are read.
const LINES: usize = 200_000;

/// Longest line, and most numbers in one, that are read.
const LONGEST: usize = 400;
const NUMBERS: usize = 16;

/// What lines suggest: the rules file for them, and the suggestion that `write` makes a protocol of.
#[must_use]
pub fn suggest_for_lines<'l>(lines: impl Iterator<Item = &'l str>) -> (String, Option<Suggestion>) {
    let mut trace = Trace::default();
    let mut forms: HashMap<Vec<String>, usize> = HashMap::new();
    for line in lines.filter(|line| line.len() <= LONGEST).take(LINES) {
        let (words, values) = form(line);
        if values.is_empty() || values.len() > NUMBERS {
            continue;
        }
        let action = match forms.get(&words) {
            Some(action) => *action,
            None if trace.actions.len() >= FORMS => continue,
            None => {
                trace.actions.push(action(&words));
                forms.insert(words, trace.actions.len() - 1);
                trace.actions.len() - 1
            }
        };
        trace.records.push(Record { action, values, failed: false });
    }
    let suggestion = Suggestion::new(trace);
    if suggestion.proposals.is_empty() {
        return (String::new(), None);
    }
    (rules(&suggestion), Some(suggestion))
}

fn action(words: &[String]) -> Action {
    let places = (1..words.len()).map(|number| format!("named n{number}")).collect();
    Action { command: None, words: words.to_vec(), maps: None, places }
}

/// The words between the numbers of a line, and the numbers: hexadecimal ones with `0x`.
fn form(line: &str) -> (Vec<String>, Vec<u64>) {
    let (mut words, mut values, mut word) = (Vec::new(), Vec::new(), String::new());
    let mut rest = line;
    while let Some(first) = rest.chars().next() {
        let hex = rest
            .strip_prefix("0x")
            .filter(|rest| rest.starts_with(|c: char| c.is_ascii_hexdigit()));
        let is_in_name = word.ends_with(|c: char| c.is_alphabetic() || c == '_');
        if (first.is_ascii_digit() || hex.is_some()) && !is_in_name {
            let (digits, radix) = hex.map_or((rest, 10), |digits| (digits, 16));
            let end = digits.find(|c: char| !c.is_digit(radix)).unwrap_or(digits.len());
            let (number, tail) = digits.split_at(end);
            let value = u64::from_str_radix(number, radix).unwrap_or(0);
            let has_words = words.iter().chain([&word]).any(|word: &String| is_word(word));
            values.push(if has_words && !is_clock(&word, tail) { value } else { 0 });
            words.push(std::mem::take(&mut word));
            rest = tail;
        } else {
            // The width of columns says nothing.
            if !(first == ' ' && word.ends_with(' ')) {
                word.push(first);
            }
            rest = &rest[first.len_utf8()..];
        }
    }
    words.push(word);
    (words, values)
}

/// Whether it is more than the signs around a stamp.
fn is_word(text: &str) -> bool {
    text.contains(char::is_alphabetic)
}

/// Whether a number between these is a part of a time of day.
fn is_clock(before: &str, after: &str) -> bool {
    let is_time = |text: &str| {
        text.strip_prefix(':').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
    };
    before == ":" || is_time(after)
}

/// The rules file: a rule for each line that is a step.
fn rules(suggestion: &Suggestion) -> String {
    let mut out =
        String::from("# Proposed from lines that recur in pairs: for `teeleak analyze --rules`.\n");
    for (name, action, places) in suggestion.steps() {
        // Writing to a string never fails.
        let _ = write!(
            out,
            "\n[[rule]]\nstep = \"{name}\"\npattern = '{}'\n",
            pattern(action, &places)
        );
    }
    out
}

/// From the first word to the last key.
fn pattern(action: &Action, places: &[usize]) -> String {
    let Some(last) = places.iter().max().copied() else { return String::new() };
    let first = action.words.iter().position(|word| is_word(word)).unwrap_or(0);
    let mut pattern = String::new();
    for (place, word) in action.words.iter().enumerate().take(last + 1).skip(first) {
        let is_first = place == first;
        let stamp_end = |letter: char| is_first && !letter.is_alphabetic();
        pattern += &regex_of(word.trim_start_matches(stamp_end));
        let group =
            if places.contains(&place) { format!("<n{}>", place + 1) } else { ":".to_owned() };
        pattern += &format!("(?{group}0x[0-9a-fA-F]+|\\d+)");
    }
    pattern
}

/// A pattern of these words, whatever the blanks between them.
fn regex_of(word: &str) -> String {
    let escape = |letter: char| match letter {
        ' ' => "\\s+".to_owned(),
        _ if letter.is_alphanumeric() || letter == '_' || !letter.is_ascii() => letter.to_string(),
        '\'' => "\\x27".to_owned(),
        _ => format!("\\{letter}"),
    };
    word.chars().map(escape).collect()
}
