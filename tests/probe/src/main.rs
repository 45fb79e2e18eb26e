//! Asks the auditor's TA and PTA for what they must refuse, case by case, and opens sessions that
//! they must not admit. One line of JSON is printed for each case: what it is, the result, and the
//! results that are right. The exit code is 1 if any is not.
#![expect(unsafe_code, reason = "libteec is called with parameters that its wrappers refuse")]

mod case;
mod crash;
mod disorder;
mod doors;
mod print;
mod pta;
mod storm;
mod ta;
mod teec;
mod values;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Asks for what must be refused.
#[derive(Parser, Debug)]
#[command(version)]
struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand, Clone, Debug)]
enum What {
    /// Who is let in; run it as root
    Doors,
    /// Who is let in; run it as somebody else
    GuestDoors,
    /// Commands of the TA
    Ta,
    /// Commands of the PTA; probe-ta must be in the place of the TA
    Pta,
    /// What a snapshot is measured against: OP-TEE's own dump on the secure console
    Print {
        /// How often
        #[arg(default_value_t = 3)]
        times: u32,
    },
    /// Reports steps in the wrong order to the TA, twice
    Disorder {
        /// A shell command to run in between
        #[arg(long, default_value = "true")]
        between: String,
    },
    /// Has the leaky TA panic, again and again
    Crash {
        /// How often
        #[arg(default_value_t = 3)]
        times: u32,
    },
    /// Many calls of the leaky TA, to check and to measure who records them
    Storm {
        /// Threads, which share a session
        #[arg(long, default_value_t = 1)]
        threads: u32,
        /// Calls of each thread
        #[arg(long, default_value_t = 1000)]
        calls: u32,
        /// Token of the first call; each later one has the next
        #[arg(long, default_value_t = 0)]
        first: u32,
    },
}

fn main() -> ExitCode {
    let done = match Args::parse().what {
        What::Doors => doors::root().and_then(case::print),
        What::GuestDoors => doors::guest().and_then(case::print),
        What::Ta => ta::cases().and_then(case::print),
        What::Pta => pta::cases().and_then(case::print),
        What::Print { times } => print::print(times).map(|()| true),
        What::Disorder { between } => disorder::disorder(&between).map(|()| true),
        What::Crash { times } => crash::crash(times).map(|()| true),
        What::Storm { threads, calls, first } => storm::storm(threads, calls, first).map(|()| true),
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("teeleak-probe: {error:#}");
            ExitCode::from(2)
        }
    }
}
