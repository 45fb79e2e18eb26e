//! What benchmarks share: what a program takes, and numbers that look random and are the same in each run.

mod programs;
mod random;

pub use programs::{Taken, cpu_seconds, feed, input, run, wait};
pub use random::Random;
