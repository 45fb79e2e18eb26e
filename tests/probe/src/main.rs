//! Asks the auditor's TA and PTA for what they must refuse, case by case, and opens sessions that
//! they must not admit. One line of JSON is printed for each case: what it is, the result, and the
//! results that are right. The exit code is 1 if any is not.
#![expect(unsafe_code, reason = "libteec is called with parameters that its wrappers refuse")]

mod case;
mod doors;
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
}

fn main() -> ExitCode {
    let cases = match Args::parse().what {
        What::Doors => doors::root(),
        What::GuestDoors => doors::guest(),
        What::Ta => ta::cases(),
        What::Pta => pta::cases(),
    };
    match cases.and_then(case::print) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("teeleak-probe: {error:#}");
            ExitCode::from(2)
        }
    }
}
