//! A file, or something built into teeleak, by its name.

use std::{
    ffi::OsStr,
    path::{Path, PathBuf},
};

use clap::{
    Arg, Command, Error,
    builder::{PathBufValueParser, PossibleValue, TypedValueParser},
};
use teeleak_analysis::{mistake::suggest, parse::console::Rules, protocol::Pack};

/// What is built in and has a name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum BuiltIn {
    /// Protocols.
    Protocol,
    /// Rules.
    Rules,
}

impl BuiltIn {
    /// All of them.
    pub(crate) const ALL: [Self; 2] = [Self::Protocol, Self::Rules];

    /// The names.
    pub(crate) fn names(self) -> Vec<&'static str> {
        match self {
            Self::Protocol => Pack::ALL.iter().map(|pack| pack.name).collect(),
            Self::Rules => Rules::BUILT_IN.to_vec(),
        }
    }

    const fn label(self) -> &'static str {
        match self {
            Self::Protocol => "protocol",
            Self::Rules => "rules",
        }
    }

    /// That a file can't be read; a name that is no file may be that of something built in.
    pub(crate) fn unreadable(self, path: &Path) -> String {
        let name = path.display();
        let is_name = path.extension().is_none() && path.components().count() == 1;
        let hint = suggest(&name.to_string(), self.names().into_iter());
        let hint = hint.filter(|_| is_name && !path.exists());
        let hint = hint.map_or_else(String::new, |hint| format!(" ({hint})"));
        format!("cannot read {} {name}{hint}", self.label())
    }
}

/// Any path is valid; the names are for help and completion.
impl TypedValueParser for BuiltIn {
    type Value = PathBuf;

    fn parse_ref(
        &self,
        program: &Command,
        argument: Option<&Arg>,
        value: &OsStr,
    ) -> Result<PathBuf, Error> {
        PathBufValueParser::new().parse_ref(program, argument, value)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new(self.names().into_iter().map(PossibleValue::new)))
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::BuiltIn;
    use teeleak_analysis::parse::console::Rules;

    #[test]
    fn names_are_suggested_and_files_are_not() {
        let text = |built_in: BuiltIn, path| built_in.unreadable(Path::new(path));
        assert_eq!(
            text(BuiltIn::Protocol, "secure-vidoe"),
            "cannot read protocol secure-vidoe (did you mean `secure-video`?)"
        );
        assert_eq!(
            text(BuiltIn::Rules, "video"),
            "cannot read rules video (expected `secure-video`, `kmem`)"
        );
        assert_eq!(text(BuiltIn::Rules, "my/kmem.toml"), "cannot read rules my/kmem.toml");
    }

    #[test]
    fn each_name_is_built_in() {
        assert!(BuiltIn::Rules.names().iter().all(|name| Rules::built_in(name).is_some()));
    }
}
