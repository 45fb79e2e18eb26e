//! Whether an allocation site is a site of a known leak.

use super::{observed_release::ObservedRelease, table::LeakSite};
use crate::model::{MatchedFact, Subject};

/// What agrees of one site.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Debug)]
pub(super) struct SiteMatch {
    pub(super) line: bool,
    pub(super) function: bool,
    pub(super) size: bool,
}

impl SiteMatch {
    /// `None` if it is another site: another file or size, or nothing but the file agrees.
    pub(super) fn find(
        subject: &Subject,
        known: &LeakSite,
        release: Option<&ObservedRelease>,
    ) -> Option<Self> {
        let Subject::Site { file, line, size, caller, .. } = subject else { return None };
        if !is_same_file(file, &known.file) || known.bytes.is_some_and(|bytes| bytes != *size) {
            return None;
        }
        let may_be = |from, to| release.is_none_or(|release| release.may_be(from, to));
        let site_match = Self {
            line: known.lines.iter().any(|at| at.line == *line && may_be(at.from, at.to)),
            function: caller.as_deref().is_some_and(|name| is_function(name, &known.function)),
            size: known.bytes.is_some(),
        };
        (site_match.line || site_match.function || site_match.size).then_some(site_match)
    }

    /// Whether the place within the file is the leak's.
    pub(super) fn is_placed(self) -> bool {
        self.line || self.function
    }

    pub(super) fn facts(self) -> impl Iterator<Item = MatchedFact> {
        let facts = [
            (true, MatchedFact::File),
            (self.line, MatchedFact::Line),
            (self.size, MatchedFact::Size),
            (self.function, MatchedFact::Function),
        ];
        facts.into_iter().filter_map(|(agrees, fact)| agrees.then_some(fact))
    }
}

/// Whether a subject is a site in this file.
pub(super) fn is_of(subject: &Subject, known: &str) -> bool {
    matches!(subject, Subject::Site { file, .. } if is_same_file(file, known))
}

/// A build may name files by absolute paths.
fn is_same_file(file: &str, known: &str) -> bool {
    file.strip_suffix(known).is_some_and(|root| root.is_empty() || root.ends_with('/'))
}

/// A caller may have an offset: `tee_mm_alloc+0x24`.
fn is_function(caller: &str, known: &str) -> bool {
    caller.split('+').next() == Some(known)
}

#[cfg(test)]
mod tests {
    use super::is_same_file;

    #[test]
    fn files_may_have_absolute_names() {
        assert!(is_same_file("core/mm/mobj.c", "core/mm/mobj.c"));
        assert!(is_same_file("/src/optee_os/core/mm/mobj.c", "core/mm/mobj.c"));
        assert!(!is_same_file("hardcore/mm/mobj.c", "core/mm/mobj.c"));
        assert!(!is_same_file("core/mm/mobj.c.c", "core/mm/mobj.c"));
    }
}
