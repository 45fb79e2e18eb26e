//! What can be observed on this system, and what would enable the rest.
//!
//! Per-TA statistics of the stats PTA are queried only on request: that can hang a stock
//! TEE while another client opens a session (observed on optee_os 4.10.0).

mod check;
mod clients;
pub(crate) mod cost;
mod normal_world;
mod plugin;
mod stock;

use std::path::Path;

use anyhow::{Error, Result};
pub(crate) use check::{Check, CheckId, State};
use teeleak_analysis::parse::capture::remedy;
use teeleak_proto::{
    pta,
    tee_result::{ITEM_NOT_FOUND, NOT_SUPPORTED, SECURITY},
};

use crate::{
    error::{TeeError, TeeOperation},
    source::{
        AccessOptions,
        live::{Discard, Greeting, NODE, Sampler, World},
        stock::element_bytes,
    },
};

/// All results of all checks.
pub(crate) struct Diagnosis {
    pub(crate) checks: Vec<Check>,
    /// Whether a snapshot can be taken.
    pub(crate) can_observe: bool,
    /// Whether the TA and its PTA take the snapshot.
    pub(crate) has_auditor: bool,
}

/// Where clients are looked for: the root of the file system, and the preload library.
#[derive(Clone, Copy)]
pub(crate) struct Surroundings<'s> {
    pub(crate) root: &'s Path,
    pub(crate) library: Option<&'s Path>,
}

/// Runs all checks.
///
/// # Errors
/// When the given console can't be read.
pub(crate) fn diagnose(
    world: &dyn World,
    ways: &AccessOptions,
    around: Surroundings<'_>,
) -> Result<Diagnosis> {
    let ta = world.connect();
    let mut checks = vec![node(world), trusted_application(&ta)];
    let greeting = ta.and_then(|device| Sampler::new(device).hello(&mut Discard));
    checks.push(pta(&greeting));
    checks.extend(features(&greeting));
    checks.push(stats(world));
    let has_auditor = greeting.is_ok();
    let mut can_observe = has_auditor;
    if !has_auditor || ways.are_given() {
        let (stock, sees_sites) = stock::checks(world, ways)?;
        checks.extend(stock);
        can_observe |= sees_sites;
    }
    if !has_auditor {
        stock::infer(&mut checks);
    }
    checks.push(concurrency());
    checks.extend(clients::checks(around.root, around.library));
    checks.push(plugin::check(around.root));
    checks.extend(normal_world::checks(around.root));
    Ok(Diagnosis { checks, can_observe, has_auditor })
}

/// The check of a build flag that can't be detected on the device.
fn concurrency() -> Check {
    Check {
        id: CheckId::ConcurrentTas,
        brings: "a snapshot that never waits for a TA",
        state: State::Unknown,
        detail:
            "not detectable on a device; without it a snapshot, with or without the PTA, waits as long \
                 as any single-instance TA is in a call"
                .into(),
        remedy: Some("build optee_os with CFG_CONCURRENT_SINGLE_INSTANCE_TA=y".into()),
    }
}

fn node(world: &dyn World) -> Check {
    let has_node = world.has_node();
    Check {
        id: CheckId::TeeDevice,
        brings: "access to the TEE",
        state: if has_node { State::Present } else { State::Missing },
        detail: format!("{NODE} {}", if has_node { "exists" } else { "does not exist" }),
        remedy: (!has_node).then(|| {
            "load the driver (modprobe optee) on a system whose firmware has OP-TEE".into()
        }),
    }
}

fn trusted_application<T>(ta: &Result<T>) -> Check {
    let (state, detail) = match ta {
        Ok(_) => (State::Present, "a session opens".into()),
        Err(error) => (state_of(error), error.to_string()),
    };
    let remedy = "install the teeleak TA: sign it with the key of this OP-TEE's dev kit and put it \
                  into /lib/optee_armtz";
    Check {
        id: CheckId::TeeleakTa,
        brings: "everything that needs the PTA",
        state,
        detail,
        remedy: (state == State::Missing).then(|| remedy.into()),
    }
}

/// Only an answer of the TEE shows that a feature is missing; other errors leave it unknown.
fn state_of(error: &Error) -> State {
    let result = error.downcast_ref::<TeeError>().map(|error| error.result);
    let absent = [ITEM_NOT_FOUND, SECURITY, NOT_SUPPORTED];
    if result.is_some_and(|result| absent.contains(&result)) {
        State::Missing
    } else {
        State::Unknown
    }
}

fn pta(greeting: &Result<Greeting>) -> Check {
    let (state, detail) = match greeting {
        Ok(_) => (State::Present, "the TA reaches it".into()),
        Err(error) if error.is::<crate::error::NotObservable>() => {
            (State::Missing, error.to_string())
        }
        Err(_) => (State::Unknown, "only the TA knows".into()),
    };
    Check {
        id: CheckId::LeakAuditPta,
        brings: "regions, sessions and instances of TAs",
        state,
        detail,
        remedy: (state != State::Present).then(|| remedy::PTA.into()),
    }
}

/// What distinguishes the users of a shared site: without it nothing is unseen, so no capture lacks it.
const STACKS: (u32, &str, &str) =
    (pta::FEATURE_STACKS, "who wanted what a shared site allocates", remedy::STACKS);

fn features(greeting: &Result<Greeting>) -> Vec<Check> {
    let known_features = remedy::FEATURES.iter().chain([&STACKS]);
    let mut checks: Vec<_> = known_features.map(|known| feature(greeting, *known)).collect();
    checks.push(raw_addresses(greeting));
    checks
}

fn feature(greeting: &Result<Greeting>, (bit, brings, remedy): (u32, &'static str, &str)) -> Check {
    let state = match greeting {
        Ok(greeting) if greeting.features & bit != 0 => State::Present,
        Ok(_) => State::Missing,
        Err(_) => State::Unknown,
    };
    let detail = match state {
        State::Present => "built in",
        State::Missing => "not built into this OP-TEE",
        State::Unknown => "only the PTA knows",
    };
    Check {
        id: feature_id(bit),
        brings,
        state,
        detail: detail.into(),
        remedy: (state != State::Present).then(|| remedy.into()),
    }
}

fn feature_id(bit: u32) -> CheckId {
    match bit {
        pta::FEATURE_RECORDS => CheckId::MallocDebug,
        pta::FEATURE_TAGS => CheckId::OwnerTags,
        pta::FEATURE_STACKS => CheckId::CallStacks,
        pta::FEATURE_EVENTS => CheckId::EventRing,
        _ => CheckId::PoolCounters,
    }
}

/// Raw addresses: missing is the right state for production.
fn raw_addresses(greeting: &Result<Greeting>) -> Check {
    let raw = greeting.as_ref().ok().map(|greeting| greeting.features & pta::FEATURE_RAW != 0);
    let (state, detail) = match raw {
        Some(true) => {
            (State::Present, "secure addresses leave the secure world: not for production")
        }
        Some(false) => {
            (State::Missing, "secure addresses are shown as keyed hashes, as in production")
        }
        None => (State::Unknown, "only the PTA knows"),
    };
    Check {
        id: CheckId::RawAddresses,
        brings: "unhashed secure addresses, for development",
        state,
        detail: detail.into(),
        remedy: (state == State::Missing)
            .then(|| "build optee_os with CFG_LEAK_AUDIT_RAW_ADDRESSES=y".into()),
    }
}

fn stats(world: &dyn World) -> Check {
    let to_error = |result| {
        TeeError { result, request: TeeOperation::Other("asking the statistics PTA") }.into()
    };
    let element_size = world.stats().and_then(|mut pta| element_bytes(&mut *pta).map_err(to_error));
    let (state, detail) = match element_size {
        Ok(bytes) => (State::Present, stock::StatsAnswer { bytes }.description()),
        Err(error) => (state_of(&error), error.to_string()),
    };
    Check {
        id: CheckId::StatsPta,
        brings: "counters of the core heap and of TA memory without the PTA",
        state,
        detail,
        remedy: (state != State::Present).then(|| remedy::POOLS.into()),
    }
}
