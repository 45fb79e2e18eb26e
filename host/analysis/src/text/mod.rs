//! The format of numbers, counts, sizes, times and names in reports.
//!
//! Titles, figures and evidence of findings use it, and so do text, HTML and Markdown of the host: a
//! number looks the same everywhere. Integers have thousands separators, a noun agrees with its
//! count.
//!
//! Invariants: machine formats (JSON, CSV, metrics, fingerprints) have numbers without separators,
//! so they never use this module for numbers; ids, addresses, ports, versions, line and iteration
//! numbers are names, not quantities, and have no separators either.

mod count;
mod duration;
mod incident;
mod list;
mod names;
mod number;
mod ordinal;
mod pattern;
mod size;
mod stage;
mod unit;

pub use count::{amount, count, plural, rate, times};
pub use duration::{age, duration, elapsed, seconds};
pub use incident::{incident, incident_headline, incident_next, resources};
pub use list::{list, list_up_to, ranges};
pub use names::{access, function, holder, login, place};
pub use number::{approximation, decimal, number, signed_number};
pub use ordinal::ordinal;
pub use pattern::without_numbers;
pub use size::{bytes, kilobytes, mebibytes, share};
pub use stage::{moment, stage_key, stage_label};
pub use unit::{pool_unit, quantity};
