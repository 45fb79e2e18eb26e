//! Makes a TEE core forget to release what it holds, one statement at a time: `forget.toml` of an
//! overlay says which.
//!
//! A statement is found by the function that it is in, not by its line, so that another release of
//! OP-TEE needs nothing new.

use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::cache::Key;
use crate::error::{LabError, Result};

/// Name of the table in an overlay.
pub(crate) const TABLE: &str = "forget.toml";
/// Declares what decides, in the files that are changed.
const INCLUDE: &str = "#include <leaky_forget.h>\n";

/// One statement that can be forgotten.
#[derive(Clone, PartialEq, Eq, Deserialize, Debug)]
#[serde(deny_unknown_fields)]
pub struct Forget {
    /// What a test calls it.
    pub name: String,
    /// File in the tree of OP-TEE.
    pub file: PathBuf,
    /// Function in it.
    pub function: String,
    /// Statement in that.
    pub statement: String,
    /// Which one, from 1, if the function has it several times.
    #[serde(default = "first")]
    pub nth: usize,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    forget: Vec<Forget>,
}

const fn first() -> usize {
    1
}

/// The table of an overlay: the number of an entry is its place, from 1.
///
/// # Errors
/// When it cannot be read.
pub(crate) fn table(overlay: &Path) -> Result<Vec<Forget>> {
    let path = overlay.join(TABLE);
    let text = fs::read_to_string(&path).map_err(LabError::io("read", &path))?;
    let table: Table = toml::from_str(&text)
        .map_err(|error| LabError::Unusable(format!("{}: {error}", path.display())))?;
    Ok(table.forget)
}

/// Adds what [`apply`] would use to a key.
///
/// # Errors
/// When the table cannot be read.
pub(crate) fn key(key: Key, overlay: &Path) -> Result<Key> {
    if !overlay.join(TABLE).exists() {
        return Ok(key);
    }
    Ok(key.with(TABLE, format!("{:?}", table(overlay)?)))
}

/// Changes `tree` so that each statement of the table can be skipped.
///
/// # Errors
/// When a file, a function or a statement is not there.
pub(crate) fn apply(overlay: &Path, tree: &Path) -> Result<()> {
    for (at, forget) in table(overlay)?.iter().enumerate() {
        let path = tree.join(&forget.file);
        let source = fs::read_to_string(&path).map_err(LabError::io("read", &path))?;
        let changed = skipping(&source, forget, at + 1).ok_or_else(|| {
            LabError::Unusable(format!(
                "{}: expected statement {:?} (number {}) in function {}, found none: adapt {TABLE} to \
                 this OP-TEE",
                forget.file.display(),
                forget.statement,
                forget.nth,
                forget.function
            ))
        })?;
        fs::write(&path, changed).map_err(LabError::io("write", &path))?;
    }
    Ok(())
}

/// The source with the statement made conditional, and what decides declared.
fn skipping(source: &str, forget: &Forget, number: usize) -> Option<String> {
    let body = body(source, &forget.function)?;
    let mut places = source[body.clone()].match_indices(&forget.statement);
    let (offset, _) = places.nth(forget.nth.checked_sub(1)?)?;
    let (before, after) = source.split_at(body.start + offset);
    let include = if source.contains(INCLUDE) { "" } else { INCLUDE };
    Some(format!("{include}{before}if (!leaky_forgets({number})) {after}"))
}

/// Where a function's body is: C of OP-TEE has its braces at the beginning of a line.
fn body(source: &str, function: &str) -> Option<std::ops::Range<usize>> {
    let name = format!("{function}(");
    source.match_indices(&name).find_map(|(at, _)| {
        let is_whole = !source[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_');
        let start = at + source[at..].find("\n{\n")?;
        // A declaration or a call ends before a body begins.
        let is_definition = is_whole && !source[at..start].contains(';');
        let end = start + source[start..].find("\n}\n")?;
        is_definition.then_some(start..end)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOURCE: &str = "\
#include <x.h>
static int my_put(int a);

int put(int a,
\tint b)
{
\tif (a)
\t\tfree(a);
\tfree(a);
}

int other(void)
{
\tput(1, 2);
\tfree(a);
}
";

    fn forget(function: &str, nth: usize) -> Forget {
        Forget {
            name: "x".into(),
            file: "x.c".into(),
            function: function.into(),
            statement: "free(a);".into(),
            nth,
        }
    }

    #[test]
    fn a_statement_is_skipped_in_its_function_only() {
        let changed = skipping(SOURCE, &forget("put", 2), 7).unwrap();
        let expected = SOURCE
            .replace("\t\tfree(a);\n\tfree(a);", "\t\tfree(a);\n\tif (!leaky_forgets(7)) free(a);");
        assert_eq!(changed, format!("{INCLUDE}{expected}"));
        let changed = skipping(&changed, &forget("other", 1), 8).unwrap();
        assert!(changed.ends_with("\tif (!leaky_forgets(8)) free(a);\n}\n"), "{changed}");
        assert_eq!(changed.matches(INCLUDE).count(), 1);
    }

    #[test]
    fn what_is_not_there_is_not_skipped() {
        assert_eq!(skipping(SOURCE, &forget("put", 3), 1), None);
        assert_eq!(skipping(SOURCE, &forget("my_put", 1), 1), None);
        assert_eq!(skipping(SOURCE, &forget("nosuch", 1), 1), None);
    }

    #[test]
    fn the_table_of_the_lab_has_each_name_once() {
        let overlay = Path::new(env!("CARGO_MANIFEST_DIR")).join("../leaky-ta/pta");
        let mut names: Vec<_> = table(&overlay).unwrap().into_iter().map(|one| one.name).collect();
        let n = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), n);
    }
}
