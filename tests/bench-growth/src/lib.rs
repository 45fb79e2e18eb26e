//! Series of known nature, to measure how often a growth verdict is right.
//!
//! Every class states the ranges of its parameters; each series draws its own from them, and its
//! noise, from a seed. Sizes are bytes, times are iterations. A series of n iterations has n + 1
//! values: one before the first iteration and one after each.

mod classes;
mod field;
mod peers;
mod prefixes;
mod random;

pub use classes::{Class, Drawn, Truth, classes};
pub use field::{FieldCase, FieldVerdicts};
pub use peers::leak_canary;
pub use prefixes::{Claim, claim, flips};
pub use random::Random;
