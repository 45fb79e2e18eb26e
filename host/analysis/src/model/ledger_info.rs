//! What the table of ledgers says of each kind: names, what it shows, where it comes from.

/// Properties of a kind of ledger.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LedgerInfo {
    /// Short stable identifier, for machines.
    pub id: &'static str,
    /// Name in fingerprints. Users store these, so it must stay when `name` changes.
    pub fingerprint: &'static str,
    /// Name in reports.
    pub name: &'static str,
    /// What it shows.
    pub shows: &'static str,
    /// How to get it if it is missing: a file, a kernel option, a command.
    pub capture: &'static str,
    /// The family it belongs to; `None` for a ledger that is reported as missing on its own.
    pub family: Option<LedgerFamily>,
    /// The files that a live run reads, if it reads them unchanged.
    pub files: Option<LedgerFiles>,
}

/// Ledgers that come together: if none of a family was seen, none is reported as missing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LedgerFamily {
    /// Recorded by teeleak itself on a live system.
    Run,
    /// Recorded by teeleak itself in every run.
    Supplicant,
    /// Allwinner's tools.
    Allwinner,
    /// Android's ion.
    Ion,
    /// MediaTek's kernels.
    MediaTek,
    /// Android's binder.
    Binder,
    /// Read where a text has them, and never missed: reports of failures, tables of tools.
    Occasional,
}

/// Files of a ledger.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LedgerFiles {
    /// Possible paths, relative to the root; the first that exists is read. `*` stands for one path component.
    pub paths: &'static [&'static str],
    /// How to get it if it does not exist.
    pub option: &'static str,
    /// Text to write to it before reading.
    pub command: Option<&'static str>,
    /// Whether reading takes so long that it is read only at the start and at the end of a run.
    pub is_slow: bool,
    /// Whether only some kernels have it, so that its absence is not reported.
    pub is_optional: bool,
}

impl LedgerFiles {
    pub(super) const fn new(paths: &'static [&'static str], option: &'static str) -> Option<Self> {
        Some(Self { paths, option, command: None, is_slow: false, is_optional: false })
    }

    pub(super) const fn optional(paths: &'static [&'static str]) -> Option<Self> {
        Some(Self { paths, option: "", command: None, is_slow: false, is_optional: true })
    }
}
