//! The classes.

mod bounded;
mod drawn;
mod leaking;
mod undecidable;

pub use drawn::Drawn;

use crate::Random;

/// Bytes of a kilobyte.
const KB: f64 = 1024.0;

/// What a series really is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Truth {
    /// It doesn't grow without end.
    Bounded,
    /// It does, and does at its end.
    Leak,
    /// It does, but not every series has enough of it to be distinguished from a bounded one: shown, not
    /// judged.
    Hard,
    /// Nobody can know: any verdict but undecided would be a guess.
    Undecidable,
}

/// A kind of series.
#[derive(Clone, Copy, Debug)]
pub struct Class {
    /// What it is called in the table.
    pub name: &'static str,
    /// What its series really are.
    pub truth: Truth,
    /// Ranges of its parameters.
    pub ranges: &'static str,
    /// Draws one series of some iterations, without the level that all have.
    shape: Draw,
}

/// Draws a series of so many iterations.
type Draw = fn(&mut Random, usize) -> Drawn;

/// Name, ranges of the parameters and shape of a class.
type ClassRow = (&'static str, &'static str, Draw);

impl Class {
    /// Draws a series of `n` iterations.
    #[must_use]
    pub fn draw(&self, random: &mut Random, n: usize) -> Drawn {
        let level = random.whole(10.0 * KB, 100.0 * KB);
        (self.shape)(random, n).raise(level)
    }
}

/// All classes: bounded ones, leaks, undecidable ones.
#[must_use]
pub fn classes() -> Vec<Class> {
    let tables: [(Truth, &[ClassRow]); 4] = [
        (Truth::Bounded, &bounded::CLASSES),
        (Truth::Leak, &leaking::CLASSES),
        (Truth::Hard, &leaking::HARD),
        (Truth::Undecidable, &undecidable::CLASSES),
    ];
    let class = |truth, (name, ranges, shape): ClassRow| Class { name, truth, ranges, shape };
    tables.iter().flat_map(|(truth, rows)| rows.iter().map(|row| class(*truth, *row))).collect()
}

/// Noise from none (in a quarter of the series) up to `most`.
fn noise(random: &mut Random, most: f64) -> f64 {
    random.between(-most / 3.0, most).max(0.0)
}

/// A place between two shares of the run.
fn place(random: &mut Random, n: usize, low: f64, high: f64) -> f64 {
    (random.between(low, high) * n as f64).round()
}

/// Noise of standard deviation 1 in which neighbours are correlated by `rho`.
fn correlated(random: &mut Random, n: usize, rho: f64) -> Vec<f64> {
    let mut value = random.normal();
    let innovation = (1.0 - rho * rho).sqrt();
    let next = |_| {
        let now = value;
        value = rho * value + innovation * random.normal();
        now
    };
    (0..=n).map(next).collect()
}

/// A sawtooth up to `height` of a whole period.
fn teeth(random: &mut Random, height: f64) -> impl Fn(f64) -> f64 + use<> {
    let period = random.whole(3.0, 16.0);
    let phase = random.whole(0.0, period - 1.0);
    let each = (height / (period - 1.0)).round();
    move |t| (t + phase) % period * each
}

/// Iterations since the last reset, if resets come at random, `shortest` to `longest` apart.
fn random_ages(random: &mut Random, n: usize, shortest: f64, longest: f64) -> Vec<f64> {
    let mut left = random.whole(1.0, longest);
    let mut age = random.whole(0.0, shortest);
    let next = |_| {
        let now = age;
        (age, left) = (age + 1.0, left - 1.0);
        if left <= 0.0 {
            (age, left) = (0.0, random.whole(shortest, longest));
        }
        now
    };
    (0..=n).map(next).collect()
}

/// The place of an iteration in a series.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a whole number")]
const fn index(time: f64) -> usize {
    time as usize
}
