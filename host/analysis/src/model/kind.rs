//! Kinds of findings and their properties.
//!
//! [`FindingKind::info`] gives each kind's names and how it counts. A new kind is a variant and a row:
//! renderers, exit codes, alarms and schemas all read the row.

/// Defines [`FindingKind`] with the list of its variants and their rows, so that neither can lack a kind.
macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident: $info:ident,)*) => {
        /// The kind of a finding.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        pub enum FindingKind {
            $($(#[$doc])* $kind,)*
        }

        impl FindingKind {
            /// All kinds, in the order in which outputs list them.
            pub const ALL: [Self; [$(Self::$kind),*].len()] = [$(Self::$kind),*];

            /// The properties of this kind.
            #[must_use]
            pub const fn info(self) -> &'static KindInfo {
                match self {
                    $(Self::$kind => &$info,)*
                }
            }
        }
    };
}

kinds! {
    /// Allocation sites that grow.
    SiteGrowth: SITE_GROWTH,
    /// A TA instance whose regions grow.
    RegionGrowth: REGION_GROWTH,
    /// Sessions that stay open.
    SessionGrowth: SESSION_GROWTH,
    /// TA instances that are never destroyed.
    InstanceGrowth: INSTANCE_GROWTH,
    /// A pool that fills.
    PoolGrowth: POOL_GROWTH,
    /// Memory that could not be had.
    Shortage: SHORTAGE,
    /// Resources acquired and never released.
    Unpaired: UNPAIRED,
    /// Steps in the wrong order.
    Order: ORDER,
    /// Two ledgers that disagree.
    Disagreement: DISAGREEMENT,
}

/// A group of kinds, as selected by `--fail-on`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fault {
    /// Growth.
    Leak,
    /// Steps in the wrong order.
    Order,
    /// A resource acquired and never released.
    Unpaired,
    /// Two ledgers that disagree.
    Disagreement,
}

impl Fault {
    /// All faults.
    pub const ALL: [Self; 4] = [Self::Leak, Self::Order, Self::Unpaired, Self::Disagreement];

    /// Its name as an option value.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Leak => "leak",
            Self::Order => "order",
            Self::Unpaired => "unpaired",
            Self::Disagreement => "disagreement",
        }
    }

    /// Its description for the help of options.
    #[must_use]
    pub const fn help(self) -> &'static str {
        match self {
            Self::Leak => "Growth of sites, regions, sessions and pools",
            Self::Order => "Steps in the wrong order",
            Self::Unpaired => "Resources acquired and never released",
            Self::Disagreement => "Disagreement between the normal world and the TEE",
        }
    }
}

/// When a finding raises an alarm in `teeleak watch`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AlarmRule {
    /// An alarm for each failure.
    Failure,
    /// An alarm for growth that is a leak.
    Leak,
    /// No alarm: a resource held now may be in use.
    Never,
}

/// The properties of a kind of finding.
#[derive(Clone, Copy, Debug)]
pub struct KindInfo {
    /// Name in JSON and metrics: `site_growth`.
    pub json: &'static str,
    /// Name in fingerprints and SARIF rules: `site-growth`. Stored by users: must never change.
    pub id: &'static str,
    /// Its description, as a SARIF rule.
    pub meaning: &'static str,
    /// What its absence means, as a JUnit test case.
    pub holds: &'static str,
    /// The fault it belongs to.
    pub fault: Fault,
    /// When it raises an alarm.
    pub alarm: AlarmRule,
    /// Whether it is growth of objects that are observed one by one. Such growth explains why a pool
    /// grows, and a broken protocol may explain it.
    pub per_object: bool,
}

const SITE_GROWTH: KindInfo = KindInfo {
    json: "site_growth",
    id: "site-growth",
    meaning: "Each iteration leaves allocations of one site in the TEE core or the kernel behind.",
    holds: "no allocation site grows",
    fault: Fault::Leak,
    alarm: AlarmRule::Leak,
    per_object: true,
};

const REGION_GROWTH: KindInfo = KindInfo {
    json: "region_growth",
    id: "region-growth",
    meaning: "A TA maps more memory in each iteration than it unmaps.",
    holds: "no TA's regions grow",
    fault: Fault::Leak,
    alarm: AlarmRule::Leak,
    per_object: true,
};

const SESSION_GROWTH: KindInfo = KindInfo {
    json: "session_growth",
    id: "session-growth",
    meaning: "Sessions are opened and never closed.",
    holds: "no sessions stay open",
    fault: Fault::Leak,
    alarm: AlarmRule::Leak,
    per_object: true,
};

const INSTANCE_GROWTH: KindInfo = KindInfo {
    json: "instance_growth",
    id: "instance-growth",
    meaning: "TA instances are created and never destroyed.",
    holds: "no TA instances stay",
    fault: Fault::Leak,
    alarm: AlarmRule::Leak,
    per_object: true,
};

const POOL_GROWTH: KindInfo = KindInfo {
    json: "pool_growth",
    id: "pool-growth",
    meaning: "A pool fills up or is fragmented.",
    holds: "no pool fills up",
    fault: Fault::Leak,
    alarm: AlarmRule::Leak,
    per_object: false,
};

const SHORTAGE: KindInfo = KindInfo {
    json: "shortage",
    id: "shortage",
    meaning: "Memory could not be had: a message or a result code says so.",
    holds: "no allocation fails",
    fault: Fault::Leak,
    alarm: AlarmRule::Failure,
    per_object: false,
};

const UNPAIRED: KindInfo = KindInfo {
    json: "unpaired",
    id: "unpaired",
    meaning: "A resource of a protocol was acquired and never released.",
    holds: "what is acquired is released",
    fault: Fault::Unpaired,
    alarm: AlarmRule::Never,
    per_object: false,
};

const ORDER: KindInfo = KindInfo {
    json: "order",
    id: "order",
    meaning: "Steps of a protocol were taken in the wrong order.",
    holds: "steps come in order",
    fault: Fault::Order,
    alarm: AlarmRule::Failure,
    per_object: false,
};

const DISAGREEMENT: KindInfo = KindInfo {
    json: "disagreement",
    id: "disagreement",
    meaning: "Two ledgers that should agree do not.",
    holds: "both worlds agree",
    fault: Fault::Disagreement,
    alarm: AlarmRule::Never,
    per_object: false,
};

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use crate::model::kind::*;

    #[test]
    fn kinds_are_named_apart() {
        let names = |name: fn(&KindInfo) -> &'static str| {
            FindingKind::ALL.iter().map(|kind| name(kind.info())).collect::<BTreeSet<_>>().len()
        };
        for unique in [names(|kind| kind.json), names(|kind| kind.id), names(|kind| kind.holds)] {
            assert_eq!(unique, FindingKind::ALL.len());
        }
    }
}
