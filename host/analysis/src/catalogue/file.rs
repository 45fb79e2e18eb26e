//! A file of messages.

use std::sync::Arc;

use serde::Deserialize;
use toml::Spanned;

use super::{
    entry::{LineSource, MessageEntry, MessageKind},
    pattern::MessagePattern,
};
use crate::{
    mistake::Mistake,
    model::{FailedStage, Meaning, Resource},
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PackFile {
    component: String,
    lines: Vec<LineSource>,
    #[serde(default)]
    message: Vec<MessageForm>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MessageForm {
    pattern: Spanned<String>,
    what: MessageKind,
    means: String,
    lines: Option<Vec<LineSource>>,
    #[serde(default)]
    resources: Vec<Resource>,
    stage: Option<FailedStage>,
    option: Option<String>,
    next: Option<String>,
}

/// Reads the entries of a file, whose patterns `compile` reads; `source` is its name in errors.
pub(super) fn read(
    source: &str,
    text: &str,
    compile: impl Fn(&str) -> Result<MessagePattern, String>,
) -> Result<Vec<MessageEntry>, Mistake> {
    let form: PackFile = toml::from_str(text).map_err(|error| {
        let span = error.span().unwrap_or(0..text.len().min(1));
        let hint = "a file has `component`, `lines` and [[message]] tables with `pattern`, `what` and \
                    `means`; see host/docs/writing-a-pack.md";
        Mistake::new((source, text), span, error.message(), Some(hint.to_owned()))
    })?;
    let PackFile { component, lines, message } = form;
    let entry = |message: MessageForm| {
        let (span, pattern) = (message.pattern.span(), message.pattern.into_inner());
        let meaning = Meaning {
            component: component.as_str().into(),
            means: message.means.into(),
            resources: message.resources,
            stage: message.stage,
            option: message.option.map(Into::into),
            next: message.next.map(Into::into),
        };
        let sources = message.lines.unwrap_or_else(|| lines.clone());
        let pattern = compile(&pattern).map_err(|why| {
            let hint = "patterns use the syntax of the Rust crate `regex`, and contain at least four \
                        characters that every match has";
            Mistake::new((source, text), span, why, Some(hint.to_owned()))
        })?;
        Ok(MessageEntry {
            pattern,
            kind: message.what,
            sources,
            meaning: Arc::new(meaning),
            user_file: None,
        })
    };
    message.into_iter().map(entry).collect()
}
