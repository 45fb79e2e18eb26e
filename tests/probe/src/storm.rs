//! Many calls at once, each with a token of its own in its parameters: what a recorder of calls is
//! measured and checked against.

use std::{thread, time::Instant};

use anyhow::ensure;
use leaky_interface::{Command, ITEM_NOT_FOUND, LEAKY};
use optee_teec::raw;
use serde::Serialize;
use teeleak_proto::Uuid;

use crate::teec::{Param, Session};

/// What is printed in the end.
#[derive(Serialize)]
struct Calls {
    n_calls: usize,
    call_median_ns: u64,
    call_mean_ns: u64,
}

/// Threads that share one session make calls, which the TA looks at and refuses.
///
/// Tokens count up from `first`, thread after thread.
pub(crate) fn storm(threads: u32, calls: u32, first: u32) -> anyhow::Result<()> {
    let session =
        Session::expect(Uuid::parse(LEAKY).unwrap_or_default().0, raw::TEEC_LOGIN_PUBLIC)?;
    let session = &session;
    let mut took = Vec::new();
    thread::scope(|scope| {
        let start = |n| scope.spawn(move || call(session, first + n * calls, calls));
        let running: Vec<_> = (0..threads).map(start).collect();
        for thread in running {
            took.extend(thread.join().map_err(|_| anyhow::anyhow!("a thread panicked"))??);
        }
        anyhow::Ok(())
    })?;
    took.sort_unstable();
    let call_median_ns = took.get(took.len() / 2).copied().unwrap_or(0);
    let call_mean_ns = took.iter().sum::<u64>() / (took.len() as u64).max(1);
    let calls = Calls { n_calls: took.len(), call_median_ns, call_mean_ns };
    println!("{}", serde_json::to_string(&calls)?);
    Ok(())
}

/// Unmaps what was never mapped; gives how long each call took, in nanoseconds.
fn call(session: &Session, first: u32, calls: u32) -> anyhow::Result<Vec<u64>> {
    let mut took = Vec::new();
    for token in first..first + calls {
        let value = Param::Value(raw::TEEC_VALUE_INPUT, token, 0);
        let address = Param::Value(raw::TEEC_VALUE_INPUT, token, token);
        let began = Instant::now();
        let (code, _) =
            session.invoke(Command::Unmap as u32, [value, address, Param::None, Param::None]);
        took.push(u64::try_from(began.elapsed().as_nanos())?);
        ensure!(code == ITEM_NOT_FOUND, "expected {ITEM_NOT_FOUND:#x}, found {code:#x}");
    }
    Ok(took)
}
