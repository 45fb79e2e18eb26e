//! Sets defaults of the command line, and checks values with its parser.

use std::error::Error as _;

use clap::{Arg, Command, ValueHint, error::ContextKind};

use super::Setting;

/// The command line with this setting as a default.
pub(super) fn setting(command: Command, setting: &Setting) -> Command {
    let names: Vec<String> = match &setting.command {
        Some(name) => vec![name.clone()],
        None => command.get_subcommands().map(|one| one.get_name().to_owned()).collect(),
    };
    names.iter().fold(command, |command, name| {
        command.mut_subcommand(name, |subcommand| with_default(subcommand, setting))
    })
}

fn with_default(command: Command, setting: &Setting) -> Command {
    let Some(id) = option(&command, setting.option).map(|arg| arg.get_id().clone()) else {
        return command;
    };
    command.mut_arg(id, |arg| arg.default_values(setting.values.clone()))
}

/// The option of this name.
pub(super) fn option<'c>(command: &'c Command, name: &str) -> Option<&'c Arg> {
    command.get_arguments().find(|arg| arg.get_long() == Some(name))
}

/// Whether its values are files.
pub(super) fn is_path(arg: &Arg) -> bool {
    !matches!(arg.get_value_hint(), ValueHint::Unknown | ValueHint::Other)
}

/// The parser's objection to a value: the error, and the valid values.
pub(super) fn objection(
    command: &Command,
    (name, option): (&str, &str),
    value: &str,
) -> Option<(String, Vec<String>)> {
    let known =
        command.find_subcommand(name).and_then(|command| super::apply::option(command, option))?;
    if !known.get_action().takes_values() {
        return None;
    }
    let line = ["teeleak".to_owned(), name.to_owned(), format!("--{option}={value}")];
    let error = command.clone().try_get_matches_from(line).err()?;
    let about = |kind| error.get(kind).map(ToString::to_string);
    let (of, wrong) = (about(ContextKind::InvalidArg)?, about(ContextKind::InvalidValue)?);
    if !of.starts_with(&format!("--{option}")) {
        return None;
    }
    let known = match error.get(ContextKind::ValidValue) {
        Some(clap::error::ContextValue::Strings(known)) => known.clone(),
        _ => Vec::new(),
    };
    let why =
        error.source().map_or_else(|| format!("invalid value `{wrong}`"), ToString::to_string);
    Some((why, known))
}
