//! What can be observed of an OP-TEE without the leak audit PTA, by trying it.

use anyhow::Result;
use teeleak_analysis::{
    model::{Completeness, Reason, Sample, Site},
    parse::capture::{ObservationBuilder, remedy},
    text,
};

use super::{Check, CheckId, State};
use crate::source::{AccessOptions, live::World, observer::Observer as _};

/// The answer of the statistics PTA: bytes per pool.
pub(super) struct StatsAnswer {
    pub(super) bytes: usize,
}

impl StatsAnswer {
    pub(super) fn description(&self) -> String {
        let Self { bytes } = self;
        let releases = match bytes {
            56 => "optee_os before 4.6.0",
            64 => "optee_os 4.6.0 or later",
            _ => "an unknown release",
        };
        format!("answers the normal world with {bytes} bytes per pool ({releases})")
    }
}

/// Tries the requested ways of access, and describes the others.
pub(super) fn checks(world: &dyn World, ways: &AccessOptions) -> Result<(Vec<Check>, bool)> {
    let sample = if ways.are_given() { try_out(world, ways)? } else { None };
    let console = console(sample.as_ref());
    let can_observe = console.state == State::Present;
    Ok((vec![console, ta_heaps(sample.as_ref())], can_observe))
}

/// Build flags that a passed check implies: the passed check, the flag's check, its detail.
const INFERRED: [(CheckId, CheckId, &str); 2] = [
    (CheckId::MdbgConsole, CheckId::MallocDebug, "allocations were printed"),
    (
        CheckId::StatsPta,
        CheckId::PoolCounters,
        "the statistics PTA is present; only the pools that it knows",
    ),
];

/// Marks build flags as present that passed checks imply.
pub(super) fn infer(checks: &mut [Check]) {
    for (evidence, switch, how) in INFERRED {
        let works =
            checks.iter().any(|check| check.id == evidence && check.state == State::Present);
        let inferred = checks.iter_mut().find(|check| works && check.id == switch);
        if let Some(check) = inferred {
            (check.state, check.detail, check.remedy) = (State::Present, how.into(), None);
        }
    }
}

/// A snapshot; `None` if the statistics PTA is missing, which another check reports.
fn try_out(world: &dyn World, ways: &AccessOptions) -> Result<Option<Sample>> {
    let mut stock = match ways.stock(world) {
        Ok(stock) => stock,
        Err(error)
            if error.is::<crate::error::TeeError>()
                || error.is::<crate::error::NotObservable>() =>
        {
            return Ok(None);
        }
        Err(error) => return Err(error),
    };
    let mut builder = ObservationBuilder::new("");
    stock.begin(&mut builder)?;
    stock.census(&mut builder)?;
    Ok(builder.finish().samples.pop())
}

fn console(sample: Option<&Sample>) -> Check {
    let (state, detail) = match sample.map(|sample| &sample.sites) {
        Some(Completeness::Complete(sites)) => (State::Present, count_text(sites)),
        Some(Completeness::Counted(sites, gap) | Completeness::Partial(sites, gap)) => {
            (State::Unknown, format!("{}, incomplete: {}", count_text(sites), gap.reason))
        }
        Some(Completeness::Unobserved(gap)) if gap.reason == Reason::NotBuilt => {
            (State::Missing, "the console shows marks, but no allocations between them".into())
        }
        Some(Completeness::Unobserved(gap)) if gap.reason != Reason::NotOffered => {
            (State::Unknown, gap.reason.to_string())
        }
        _ => (State::Unknown, "not tried: use --console CONSOLE".into()),
    };
    let remedy = sample.and_then(|sample| sample.sites.gap()).and_then(|gap| gap.remedy.clone());
    let remedy = remedy.map_or_else(|| remedy::PRINTED.to_owned(), |remedy| remedy.to_string());
    Check {
        id: CheckId::MdbgConsole,
        brings: "allocation sites without the PTA; no epochs, no owners",
        remedy: (state != State::Present).then_some(remedy),
        state,
        detail,
    }
}

fn count_text(sites: &[Site]) -> String {
    let allocations: u64 = sites.iter().map(|site| site.count).sum();
    let (allocations, sites) = (text::number(allocations), text::number(sites.len() as u64));
    format!("{allocations} allocations at {sites} sites were printed and read")
}

fn ta_heaps(sample: Option<&Sample>) -> Check {
    let instances = sample.map(|sample| &sample.instances);
    let (state, detail) = match instances.map(|instances| (instances.value(), instances.gap())) {
        Some((Some(tas), _)) => {
            let n = tas.iter().filter(|ta| ta.heap.is_some()).count();
            (State::Present, format!("{n} of {} TAs report their heap", tas.len()))
        }
        Some((None, Some(gap))) if gap.reason == Reason::NotBuilt => {
            (State::Missing, "not built into this OP-TEE".into())
        }
        _ => {
            let reason = "not tried: it can hang the TEE while another client opens a session; \
                       use --ta-stats when none does";
            (State::Unknown, reason.into())
        }
    };
    Check {
        id: CheckId::TaHeaps,
        brings: "the heap of each TA with a session from the normal world",
        remedy: (state != State::Present).then(|| remedy::TA_STATS.into()),
        state,
        detail,
    }
}
