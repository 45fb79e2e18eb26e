//! How numbers, counts, sizes, times and names are written wherever a person reads them.
//!
//! Titles, figures and evidence of findings are written here, and so are text, HTML and Markdown of
//! the host: a report has one form of a number. Whole numbers and whole parts have their thousands
//! apart, a noun agrees with its count.
//!
//! Invariants: what programs read (JSON, CSV, metrics, fingerprints) shares the words with people
//! but has numbers without separators, so none of these come from here; ids, addresses, ports,
//! versions, and numbers of lines and of iterations are names and not quantities, and have no
//! separators either.

mod count;
mod duration;
mod list;
mod names;
mod number;
mod size;
mod stage;
mod unit;

pub use count::{amount, count, plural, rate, times};
pub use duration::{age, duration, elapsed, seconds};
pub use list::{list, ranges};
pub use names::{access, holder, login, place};
pub use number::{approximation, decimal, number, signed_number};
pub use size::{bytes, kilobytes, mebibytes, share};
pub use stage::{moment, stage_key, stage_label};
pub use unit::{pool_unit, quantity};
