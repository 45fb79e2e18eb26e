//! Reads a file's settings, or its mistakes.

use std::{borrow::Cow, collections::BTreeSet, ops::Range, path::Path};

use clap::{Arg, ArgAction, Command};
use teeleak_analysis::{
    mistake::{Mistake, suggest},
    parse::console::Rules,
    protocol::Pack,
};
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::{Setting, apply};

/// Options that a file can set.
const OPTIONS: [&str; 19] = [
    "protocol",
    "rules",
    "suppress",
    "baseline",
    "notes",
    "strict",
    "fail-on",
    BUDGETS,
    "mark",
    "iterations",
    "until-decided",
    "warmup",
    "idle",
    "keep-going",
    "timeout",
    "poll",
    "census",
    "low-water",
    "max-bytes",
];

/// The option that is a table.
const BUDGETS: &str = "max-bytes-per-iter";

/// The settings read so far, and the mistakes in the file.
struct ConfigReader<'r> {
    file: (&'r str, &'r str),
    folder: &'r Path,
    command: &'r Command,
    settings: Vec<Setting>,
    mistakes: Vec<Mistake>,
}

/// The settings of a file, given by name and text; its paths are relative to `folder`.
pub(super) fn settings(
    file: (&str, &str),
    folder: &Path,
    command: &Command,
) -> Result<Vec<Setting>, Vec<Mistake>> {
    let table = DeTable::parse(file.1).map_err(|error| {
        let span = error.span().unwrap_or(0..file.1.len().min(1));
        vec![Mistake::new(file, span, error.message(), None)]
    })?;
    let (settings, mistakes) = (Vec::new(), Vec::new());
    let mut reader = ConfigReader { file, folder, command, settings, mistakes };
    reader.top(table.get_ref());
    // Settings of one command override those of all commands.
    reader.settings.sort_by_key(|setting| setting.command.is_some());
    reader.mistakes.sort_by_key(|mistake| mistake.span.start);
    if reader.mistakes.is_empty() { Ok(reader.settings) } else { Err(reader.mistakes) }
}

impl<'r> ConfigReader<'r> {
    fn mistake(&mut self, span: Range<usize>, message: String, hint: Option<String>) {
        self.mistakes.push(Mistake::new(self.file, span, message, hint));
    }

    fn top(&mut self, table: &DeTable<'_>) {
        let command: &'r Command = self.command;
        let commands = command.get_subcommands();
        let commands: Vec<_> = commands.filter(|one| options(one).next().is_some()).collect();
        for (key, value) in table {
            let name: &str = key.get_ref();
            let is_command = commands.iter().any(|one| one.get_name() == name);
            let first = commands.iter().find(|one| options(one).any(|option| option == name));
            match (value.get_ref(), first) {
                (DeValue::Table(inner), None) if is_command => self.of_command(name, inner),
                (_, Some(command)) => self.option(None, command.get_name(), (key, value)),
                (_, None) => {
                    let hint = suggest(name, option_names(&commands).iter().copied());
                    self.mistake(key.span(), format!("unknown option or command `{name}`"), hint);
                }
            }
        }
    }

    fn of_command(&mut self, name: &str, table: &DeTable<'_>) {
        let Some(command) = self.command.find_subcommand(name) else { return };
        for (key, value) in table {
            let option: &str = key.get_ref();
            if options(command).any(|known| known == option) {
                self.option(Some(name), name, (key, value));
            } else {
                let message = format!("`{option}` cannot be set for `teeleak {name}`");
                self.mistake(key.span(), message, suggest(option, options(command)));
            }
        }
    }

    /// Reads an option for all commands or for one; `command` is one that has it.
    fn option(
        &mut self,
        of: Option<&str>,
        command: &str,
        (key, value): (&Spanned<Cow<'_, str>>, &Spanned<DeValue<'_>>),
    ) {
        let option_name = OPTIONS.into_iter().find(|option| *option == key.get_ref());
        let subcommand = self.command.find_subcommand(command);
        let arg = subcommand.and_then(|found| apply::option(found, key.get_ref()));
        let (Some(option), Some(arg)) = (option_name, arg) else { return };
        let arg = arg.clone();
        let mistake_count = self.mistakes.len();
        let Some(values) = self.values(&arg, option, value) else { return };
        for (value, span) in &values {
            self.check((command, option), value, span);
        }
        if self.mistakes.len() == mistake_count && !values.is_empty() {
            let values = values.into_iter().map(|(value, _)| value).collect();
            self.settings.push(Setting { command: of.map(str::to_owned), option, values });
        }
    }

    fn check(&mut self, of: (&str, &str), value: &str, span: &Range<usize>) {
        let Some((why, known)) = apply::objection(self.command, of, value) else { return };
        let hint = suggest(value, known.iter().map(String::as_str));
        self.mistake(span.clone(), format!("{}: {why}", of.1), hint);
    }

    /// The values of an option as they would be typed; `None` if their type is wrong.
    fn values(
        &mut self,
        arg: &Arg,
        option: &str,
        value: &Spanned<DeValue<'_>>,
    ) -> Option<Vec<(String, Range<usize>)>> {
        let is_flag = matches!(arg.get_action(), ArgAction::SetTrue);
        let is_list = matches!(arg.get_action(), ArgAction::Append);
        let values = match value.get_ref() {
            DeValue::Boolean(on) if is_flag => {
                Some(on.then(|| ("true".to_owned(), value.span())).into_iter().collect())
            }
            _ if is_flag => None,
            DeValue::Table(budgets) if option == BUDGETS => budgets
                .iter()
                .map(|(site, bytes)| {
                    Some((format!("{}={}", site.get_ref(), single(bytes.get_ref())?), bytes.span()))
                })
                .collect(),
            _ if option == BUDGETS => None,
            DeValue::Array(all) if is_list => {
                let value_and_span =
                    |one: &Spanned<DeValue<'_>>| Some((single(one.get_ref())?, one.span()));
                all.iter().map(value_and_span).collect()
            }
            other => single(other).map(|one| vec![(one, value.span())]),
        };
        let Some(mut values) = values else {
            let (expected, found) = (expected_type(arg, option), kind(value.get_ref()));
            self.mistake(value.span(), format!("expected {expected}, found {found}"), None);
            return None;
        };
        if apply::is_path(arg) {
            values.iter_mut().for_each(|(value, _)| *value = self.path(option, value));
        }
        Some(values)
    }

    /// A path below the file's folder; the name of a built-in file is left alone.
    fn path(&self, option: &str, value: &str) -> String {
        let path = self.folder.join(value);
        let built_in = match option {
            "protocol" => Pack::find(value).is_some(),
            "rules" => Rules::built_in(value).is_some(),
            _ => false,
        };
        if built_in && !path.exists() { value.to_owned() } else { path.display().to_string() }
    }
}

/// Names of options, and of the commands that have them.
fn option_names<'c>(commands: &[&'c Command]) -> BTreeSet<&'c str> {
    let mut names = BTreeSet::new();
    for command in commands {
        names.insert(command.get_name());
        names.extend(options(command).map(|option| -> &'c str { option }));
    }
    names
}

/// Options of a command that a file can set.
fn options(command: &Command) -> impl Iterator<Item = &'static str> + Clone {
    let has_option = |option: &&str| apply::option(command, option).is_some();
    OPTIONS.into_iter().filter(has_option).collect::<Vec<_>>().into_iter()
}

fn single(value: &DeValue<'_>) -> Option<String> {
    match value {
        DeValue::String(text) => Some(text.to_string()),
        DeValue::Integer(number) if number.radix() == 10 => Some(number.as_str().to_owned()),
        _ => None,
    }
}

/// The type of an option's value.
fn expected_type(arg: &Arg, option: &str) -> &'static str {
    match arg.get_action() {
        ArgAction::SetTrue => "true or false",
        _ if option == BUDGETS => "a table of sites and bytes, such as { \"core/mm/mobj.c\" = 64 }",
        ArgAction::Append => "a string, or a list of strings",
        _ => "a string or a number",
    }
}

const fn kind(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a string",
        DeValue::Integer(_) => "a number",
        DeValue::Float(_) => "a float",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}
