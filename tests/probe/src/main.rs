//! Asks the auditor's TA and PTA for what they must refuse, case by case, and opens sessions that
//! they must not admit. One line of JSON is printed for each case: what it is, the result, and the
//! results that are right. The exit code is 1 if any is not.
#![expect(unsafe_code, reason = "libteec is called with parameters that its wrappers refuse")]

mod case;
mod doors;
mod print;
mod pta;
mod ta;
mod teec;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Asks for what must be refused.
#[derive(Parser, Debug)]
#[command(version)]
struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand, Clone, Copy, Debug)]
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
}

fn main() -> ExitCode {
    let done = match Args::parse().what {
        What::Doors => doors::root().and_then(case::print),
        What::GuestDoors => doors::guest().and_then(case::print),
        What::Ta => ta::cases().and_then(case::print),
        What::Pta => pta::cases().and_then(case::print),
        What::Print { times } => print::print(times).map(|()| true),
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
