//! Kinds of findings, and all that differs between them.
//!
//! One table, [`Kind::info`], says how each kind is named and counted in every output. A new kind is a
//! variant and a row: what renders, counts, raises alarms or publishes a schema reads the row.

/// What kind of thing was found.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Kind {
    /// Allocation sites that grow.
    SiteGrowth,
    /// A TA instance whose regions grow.
    RegionGrowth,
    /// Sessions that stay open.
    SessionGrowth,
    /// A pool that fills.
    PoolGrowth,
    /// Acquired and never released.
    Unpaired,
    /// Steps in the wrong order.
    Order,
    /// Two ledgers that should agree and don't.
    Disagreement,
}

/// Which group of faults a kind belongs to, for whoever lets only some of them count.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fault {
    /// Something grows.
    Leak,
    /// Steps were taken in the wrong order.
    Order,
    /// Something was acquired and never released.
    Unpaired,
    /// Two ledgers say different things.
    Disagreement,
}

impl Fault {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Leak, Self::Order, Self::Unpaired, Self::Disagreement];

    /// In one word, as options have it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Leak => "leak",
            Self::Order => "order",
            Self::Unpaired => "unpaired",
            Self::Disagreement => "disagreement",
        }
    }

    /// What it takes in, for the help of options.
    #[must_use]
    pub const fn help(self) -> &'static str {
        match self {
            Self::Leak => "What grows: sites, regions, sessions, pools",
            Self::Order => "Steps in the wrong order",
            Self::Unpaired => "What was acquired and never released",
            Self::Disagreement => "Where the normal world and the TEE tell different things",
        }
    }
}

/// What a finding of a kind raises while a system is watched.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AlarmRule {
    /// An alarm for each failure.
    Failure,
    /// An alarm where growth was decided to be a leak.
    Leak,
    /// None: what is held at the moment may be in use.
    Never,
}

/// All that depends on the kind of a finding.
#[derive(Clone, Copy, Debug)]
pub struct KindInfo {
    /// Name in JSON and metrics: `site_growth`.
    pub json: &'static str,
    /// Name in fingerprints and SARIF rules: `site-growth`. Part of what is stored: never changes.
    pub id: &'static str,
    /// What a finding of this kind means, as a SARIF rule.
    pub meaning: &'static str,
    /// What holds where nothing of this kind is found, as a JUnit test case.
    pub holds: &'static str,
    /// Which faults it counts among.
    pub fault: Fault,
    /// What it raises while a system is watched.
    pub alarm: AlarmRule,
}

impl Kind {
    /// All kinds, in the order in which outputs list them.
    pub const ALL: [Self; 7] = [
        Self::SiteGrowth,
        Self::RegionGrowth,
        Self::SessionGrowth,
        Self::PoolGrowth,
        Self::Unpaired,
        Self::Order,
        Self::Disagreement,
    ];

    /// All that depends on it.
    #[must_use]
    pub const fn info(self) -> &'static KindInfo {
        match self {
            Self::SiteGrowth => &SITE_GROWTH,
            Self::RegionGrowth => &REGION_GROWTH,
            Self::SessionGrowth => &SESSION_GROWTH,
            Self::PoolGrowth => &POOL_GROWTH,
            Self::Unpaired => &UNPAIRED,
            Self::Order => &ORDER,
            Self::Disagreement => &DISAGREEMENT,
        }
    }
}

const SITE_GROWTH: KindInfo = KindInfo {
    json: "site_growth",
    id: "site-growth",
    meaning: "Allocations of a site in the TEE core or the kernel are left behind by each iteration.",
    holds: "no allocation site grows",
    fault: Fault::Leak,
    alarm: AlarmRule::Leak,
};

const REGION_GROWTH: KindInfo = KindInfo {
    json: "region_growth",
    id: "region-growth",
    meaning: "A TA maps more memory in each iteration than it unmaps.",
    holds: "no TA's regions grow",
    fault: Fault::Leak,
    alarm: AlarmRule::Leak,
};

const SESSION_GROWTH: KindInfo = KindInfo {
    json: "session_growth",
    id: "session-growth",
    meaning: "Sessions are opened and never closed.",
    holds: "no sessions stay open",
    fault: Fault::Leak,
    alarm: AlarmRule::Leak,
};

const POOL_GROWTH: KindInfo = KindInfo {
    json: "pool_growth",
    id: "pool-growth",
    meaning: "A pool fills, or is in pieces.",
    holds: "no pool fills",
    fault: Fault::Leak,
    alarm: AlarmRule::Leak,
};

const UNPAIRED: KindInfo = KindInfo {
    json: "unpaired",
    id: "unpaired",
    meaning: "What a protocol says is to be released was acquired and never released.",
    holds: "what is acquired is released",
    fault: Fault::Unpaired,
    alarm: AlarmRule::Never,
};

const ORDER: KindInfo = KindInfo {
    json: "order",
    id: "order",
    meaning: "Steps of a protocol were taken in the wrong order.",
    holds: "steps come in order",
    fault: Fault::Order,
    alarm: AlarmRule::Failure,
};

const DISAGREEMENT: KindInfo = KindInfo {
    json: "disagreement",
    id: "disagreement",
    meaning: "Two ledgers that should agree tell different things.",
    holds: "both worlds tell the same",
    fault: Fault::Disagreement,
    alarm: AlarmRule::Never,
};

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn all_kinds_are_listed_once_and_named_apart() {
        // A variant that `ALL` lacks has a number beyond its length.
        for (at, kind) in Kind::ALL.into_iter().enumerate() {
            assert_eq!(kind as usize, at, "{kind:?}");
        }
        assert_eq!(Kind::Disagreement as usize + 1, Kind::ALL.len(), "the last variant");
        let names = |name: fn(&KindInfo) -> &'static str| {
            Kind::ALL.iter().map(|kind| name(kind.info())).collect::<BTreeSet<_>>().len()
        };
        for unique in [names(|kind| kind.json), names(|kind| kind.id), names(|kind| kind.holds)] {
            assert_eq!(unique, Kind::ALL.len());
        }
    }
}
