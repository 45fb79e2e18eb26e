//! A fault as it was reported from the field.
//!
//! A stress test lost 2 KB in each loop, while the memory in use swung by 30 MB either way and was printed in
//! whole megabytes. The board ran out of memory after 16 hours; nobody saw anything in minutes.

use crate::{
    Random,
    prefixes::{Claim, claim},
};

const MB: f64 = 1024.0 * 1024.0;

/// Bytes lost in each loop.
const LOST: f64 = 2048.0;

/// Bytes by which the memory in use swings either way.
const SWING: f64 = 30.0 * MB;

/// Seconds that are printed.
const SECONDS: f64 = 2.0 * 3600.0;

/// Seconds until the memory of the board was used up.
const FULL: f64 = 16.0 * 3600.0;

/// Two hours of prints of a board, with the fault and without it.
#[derive(Clone, Debug)]
pub struct FieldCase {
    /// Memory in use with the fault, in bytes.
    pub leaking: Vec<Option<f64>>,
    /// The same without it.
    pub sound: Vec<Option<f64>>,
}

/// What was said of a case while its prints came.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct FieldVerdicts {
    /// The leak was found at last.
    pub found: bool,
    /// It was called bounded before.
    pub denied: bool,
    /// The sound board was called leaking.
    pub accused: bool,
}

impl FieldCase {
    /// A board of 512 MB to 1 GB, printed every 10 to 60 seconds.
    pub fn draw(random: &mut Random) -> Self {
        let memory = random.scale(512.0, 1024.0) * MB;
        let loops_per_second = memory / LOST / FULL;
        let every = random.whole(10.0, 60.0);
        let mut print = 0.0;
        let swings = std::iter::from_fn(|| {
            print += every;
            (print <= SECONDS).then(|| (print, random.between(-SWING, SWING)))
        });
        let swings: Vec<_> = swings.collect();
        let series = |lost: f64| {
            let used = |(time, swing): &(f64, f64)| {
                let lost = lost * (loops_per_second * time).floor();
                Some(((memory / 4.0 + lost + swing) / MB).round() * MB)
            };
            swings.iter().map(used).collect()
        };
        Self { leaking: series(LOST), sound: series(0.0) }
    }

    /// What is said each time that a sixtieth more was printed.
    #[must_use]
    pub fn judge(&self) -> FieldVerdicts {
        let step = (self.leaking.len() / 60).max(1);
        let mut verdicts = FieldVerdicts::default();
        for prints in (step..=self.leaking.len()).step_by(step) {
            let said = claim(&self.leaking[..prints]);
            verdicts.found |= said == Some(Claim::Leaks);
            verdicts.denied |= said == Some(Claim::EndsOrStays) && !verdicts.found;
            verdicts.accused |= claim(&self.sound[..prints]) == Some(Claim::Leaks);
        }
        verdicts
    }
}
