//! What can be seen on this system, and what would bring the rest.
//!
//! Per-TA statistics of the stats PTA are never asked for: that can hang a stock TEE while another
//! client opens a session (seen on optee_os 4.10.0).

use anyhow::{Error, Result};
use teeleak_proto::pta;

use crate::{
    TeeError,
    assemble::gap,
    error::{self, ITEM_NOT_FOUND},
    source::live::{Discard, Greeting, NODE, Sampler, World},
};

/// Whether something is there.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum State {
    Present,
    Missing,
    Unknown,
}

/// One thing that was looked for.
#[derive(PartialEq, Eq, Debug)]
pub(crate) struct Check {
    /// A short name, the same in every release.
    pub(crate) name: &'static str,
    /// What it lets teeleak see.
    pub(crate) brings: &'static str,
    pub(crate) state: State,
    /// What was found.
    pub(crate) detail: String,
    /// What to do to have it.
    pub(crate) remedy: Option<String>,
}

/// All that was looked for.
pub(crate) struct Diagnosis {
    pub(crate) checks: Vec<Check>,
    /// Whether a census can be taken.
    pub(crate) can_observe: bool,
}

/// Pool number of the core heap (`ALLOC_ID_HEAP` in optee_os core/pta/stats.c@4.10.0).
const HEAP: u32 = 1;

/// Room for one pool of any release: 56 bytes before 4.6.0, 64 since.
const STATS_BYTES: usize = 256;

/// Looks for everything that teeleak can use.
pub(crate) fn diagnose(world: &dyn World) -> Diagnosis {
    let ta = world.connect();
    let mut checks = vec![node(world), trusted_application(&ta)];
    let greeting = ta.and_then(|device| Sampler::new(device).hello(&mut Discard));
    checks.push(pta(&greeting));
    checks.extend(features(&greeting));
    checks.push(stats(world));
    Diagnosis { checks, can_observe: greeting.is_ok() }
}

fn node(world: &dyn World) -> Check {
    let there = world.has_node();
    Check {
        name: "tee-device",
        brings: "a way to the TEE",
        state: if there { State::Present } else { State::Missing },
        detail: format!("{NODE} {}", if there { "exists" } else { "does not exist" }),
        remedy: (!there).then(|| {
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
        name: "teeleak-ta",
        brings: "everything that needs the PTA",
        state,
        detail,
        remedy: (state == State::Missing).then(|| remedy.into()),
    }
}

/// Only an answer says that something is not there; no way to ask says nothing.
fn state_of(error: &Error) -> State {
    let result = error.downcast_ref::<TeeError>().map(|error| error.result);
    let absent = [ITEM_NOT_FOUND, error::SECURITY, error::NOT_SUPPORTED];
    if result.is_some_and(|result| absent.contains(&result)) {
        State::Missing
    } else {
        State::Unknown
    }
}

fn pta(greeting: &Result<Greeting>) -> Check {
    let (state, detail) = match greeting {
        Ok(_) => (State::Present, "the TA reaches it".into()),
        Err(error) if error.is::<crate::Blind>() => (State::Missing, error.to_string()),
        Err(_) => (State::Unknown, "only the TA can tell".into()),
    };
    Check {
        name: "leak-audit-pta",
        brings: "regions, sessions and instances of TAs",
        state,
        detail,
        remedy: (state != State::Present).then(|| gap::PTA.into()),
    }
}

fn features(greeting: &Result<Greeting>) -> Vec<Check> {
    let mut checks: Vec<_> = gap::FEATURES.iter().map(|known| feature(greeting, *known)).collect();
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
        State::Unknown => "only the PTA can tell",
    };
    Check {
        name: feature_name(bit),
        brings,
        state,
        detail: detail.into(),
        remedy: (state != State::Present).then(|| remedy.into()),
    }
}

fn feature_name(bit: u32) -> &'static str {
    match bit {
        pta::FEATURE_RECORDS => "malloc-debug",
        pta::FEATURE_TAGS => "owner-tags",
        pta::FEATURE_EVENTS => "event-ring",
        _ => "pool-counters",
    }
}

/// Not having it is as it should be.
fn raw_addresses(greeting: &Result<Greeting>) -> Check {
    let raw = greeting.as_ref().ok().map(|greeting| greeting.features & pta::FEATURE_RAW != 0);
    let (state, detail) = match raw {
        Some(true) => {
            (State::Present, "secure addresses leave the secure world: not for production")
        }
        Some(false) => {
            (State::Missing, "secure addresses are told as keyed hashes, as in production")
        }
        None => (State::Unknown, "only the PTA can tell"),
    };
    Check {
        name: "raw-addresses",
        brings: "secure addresses as they are, for development",
        state,
        detail: detail.into(),
        remedy: (state == State::Missing)
            .then(|| "build optee_os with CFG_LEAK_AUDIT_RAW_ADDRESSES=y".into()),
    }
}

fn stats(world: &dyn World) -> Check {
    let mut reply = [0; STATS_BYTES];
    let (state, detail) = match world.stats(HEAP, &mut reply) {
        Ok(bytes) => {
            (State::Present, format!("answers the normal world with {bytes} bytes a pool"))
        }
        Err(error) => (state_of(&error), error.to_string()),
    };
    Check {
        name: "stats-pta",
        brings: "counters of the core heap without the leak audit PTA",
        state,
        detail,
        remedy: (state != State::Present).then(|| gap::POOLS.into()),
    }
}
