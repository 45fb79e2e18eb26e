//! The classes.

use std::f64::consts::TAU;

use crate::Random;

/// Bytes of a kilobyte.
const KB: f64 = 1024.0;

/// What a series really is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Truth {
    /// It doesn't grow without end.
    Bounded,
    /// It does.
    Leak,
    /// It does, but not every series has enough of it to be distinguished from a bounded one: shown, not
    /// judged.
    Hard,
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
    /// Draws the `n` + 1 values of one series, without the level that all have.
    shape: fn(&mut Random, usize) -> Vec<f64>,
}

impl Class {
    /// Draws a series of `n` iterations.
    #[must_use]
    pub fn draw(&self, random: &mut Random, n: usize) -> Vec<f64> {
        let level = random.whole(10.0 * KB, 100.0 * KB);
        let mut values = (self.shape)(random, n);
        values.iter_mut().for_each(|value| *value += level);
        values
    }
}

const fn bounded(
    name: &'static str,
    ranges: &'static str,
    shape: fn(&mut Random, usize) -> Vec<f64>,
) -> Class {
    Class { name, truth: Truth::Bounded, ranges, shape }
}

const fn leak(
    name: &'static str,
    ranges: &'static str,
    shape: fn(&mut Random, usize) -> Vec<f64>,
) -> Class {
    Class { name, truth: Truth::Leak, ranges, shape }
}

/// All classes, bounded ones first.
pub const CLASSES: [Class; 19] = [
    bounded("white", "noise of 16 B to 4 KB (standard deviation)", white),
    bounded("flat", "constant; in half of them 1 to 3 lone values 1 to 100 objects off", flat),
    bounded("AR(1) 0.9", "innovations of 16 B to 4 KB", wandering),
    bounded("sawtooth", "512 B to 8 KB, period 3 to 16, noise 0 to 2 % of it", sawtooth),
    bounded("warm-up", "1 to 64 KB, time constant 1 to 20, noise 0 to 5 % of it", warm_up),
    bounded("warm-up, fast", "1 to 64 KB, time constant 0.5 to 3, noise 0 to 5 %", fast_warm_up),
    bounded("warm-up, slow", "1 to 64 KB, time constant 10 to 25, noise 0 to 5 %", slow_warm_up),
    bounded("one-off step", "1 to 64 KB at 10 to 90 %, noise 0 to 25 % of it", step),
    bounded("two steps", "1 to 64 KB each at 10 to 90 %, noise 0 to 25 % of the lower", two_steps),
    bounded("slow seasonal", "1 to 64 KB, period 20 to 72, noise 0 to 25 % of it", seasonal),
    bounded(
        "burst that returns",
        "1 to 64 KB for 3 to n / 3, slow or sudden, noise 0 to 10 %",
        burst,
    ),
    leak("constant", "16 B to 4 KB per iteration, exactly", constant),
    leak("noisy", "16 B to 1 KB per iteration, noise 0.5 to 4 times that", noisy),
    leak("under oscillation", "1 to 4 KB, uniformly random 5 to 15 times that", oscillating),
    leak("under a wave", "1 to 4 KB, sine 5 to 15 times that, period 3 to 12.5, noise 0.5", waving),
    leak(
        "under sawtooth",
        "16 B to 1 KB, sawtooth 10 to 68 times that, period 3 to 16, noise 0 to 1",
        on_sawtooth,
    ),
    leak("intermittent 10 %", "16 B to 4 KB in exactly n / 10 iterations, anywhere", intermittent),
    leak(
        "warm-up plus leak",
        "16 B to 1 KB, warm-up 20 to 200 times that, constant 1 to 8, noise 0 to 2",
        both,
    ),
    Class {
        name: "intermittent, random",
        truth: Truth::Hard,
        ranges: "16 B to 4 KB in each iteration with probability 10 %",
        shape: random_intermittent,
    },
];

fn by(n: usize, mut value: impl FnMut(f64) -> f64) -> Vec<f64> {
    (0..=n).map(|at| value(at as f64)).collect()
}

fn white(random: &mut Random, n: usize) -> Vec<f64> {
    let noise = random.scale(16.0, 4.0 * KB);
    by(n, |_| noise * random.normal())
}

fn flat(random: &mut Random, n: usize) -> Vec<f64> {
    let mut values = vec![0.0; n + 1];
    if random.unit() < 0.5 {
        let size = random.whole(16.0, 256.0);
        for _ in 0..=random.index(3) {
            let at = random.index(n + 1);
            values[at] = size * random.whole(1.0, 100.0);
        }
    }
    values
}

fn wandering(random: &mut Random, n: usize) -> Vec<f64> {
    let noise = random.scale(16.0, 4.0 * KB);
    let mut value = noise * random.normal() / (1.0_f64 - 0.9 * 0.9).sqrt();
    by(n, |_| {
        let now = value;
        value = 0.9 * value + noise * random.normal();
        now
    })
}

fn teeth(random: &mut Random, height: f64) -> impl Fn(f64) -> f64 + use<> {
    let period = random.whole(3.0, 16.0);
    let phase = random.whole(0.0, period - 1.0);
    let each = (height / (period - 1.0)).round();
    move |t| (t + phase) % period * each
}

fn sawtooth(random: &mut Random, n: usize) -> Vec<f64> {
    let height = random.scale(512.0, 8.0 * KB);
    let teeth = teeth(random, height);
    let noise = noise(random, 0.02) * height;
    by(n, |t| teeth(t) + noise * random.normal())
}

/// Noise from none (in a quarter of the series) up to `most`.
fn noise(random: &mut Random, most: f64) -> f64 {
    random.between(-most / 3.0, most).max(0.0)
}

fn saturating(random: &mut Random, n: usize, fastest: f64, slowest: f64) -> Vec<f64> {
    let height = random.scale(KB, 64.0 * KB);
    let constant = random.scale(fastest, slowest);
    let noise = noise(random, 0.05) * height;
    by(n, |t| height * (1.0 - (-t / constant).exp()) + noise * random.normal())
}

fn warm_up(random: &mut Random, n: usize) -> Vec<f64> {
    saturating(random, n, 1.0, 20.0)
}

fn fast_warm_up(random: &mut Random, n: usize) -> Vec<f64> {
    saturating(random, n, 0.5, 3.0)
}

fn slow_warm_up(random: &mut Random, n: usize) -> Vec<f64> {
    saturating(random, n, 10.0, 25.0)
}

fn step(random: &mut Random, n: usize) -> Vec<f64> {
    let height = random.scale(KB, 64.0 * KB).round();
    let at = (random.between(0.1, 0.9) * n as f64).round();
    let noise = noise(random, 0.25) * height;
    by(n, |t| if t >= at { height } else { 0.0 } + noise * random.normal())
}

fn two_steps(random: &mut Random, n: usize) -> Vec<f64> {
    let heights = [(); 2].map(|()| random.scale(KB, 64.0 * KB).round());
    let places = [(); 2].map(|()| (random.between(0.1, 0.9) * n as f64).round());
    let noise = noise(random, 0.25) * heights[0].min(heights[1]);
    by(n, |t| {
        let steps = heights.iter().zip(places).filter(|(_, at)| t >= *at);
        steps.map(|(height, _)| height).sum::<f64>() + noise * random.normal()
    })
}

fn seasonal(random: &mut Random, n: usize) -> Vec<f64> {
    let height = random.scale(KB, 64.0 * KB);
    let period = random.between(20.0, 72.0);
    let phase = random.unit();
    let noise = noise(random, 0.25) * height;
    by(n, |t| height * (TAU * (t / period + phase)).sin() + noise * random.normal())
}

fn burst(random: &mut Random, n: usize) -> Vec<f64> {
    let height = random.scale(KB, 64.0 * KB).round();
    let length = random.whole(3.0, n as f64 / 3.0);
    let begin = random.between(0.05, 0.95) * (n as f64 - length - 1.0);
    let slow = random.unit() < 0.5;
    let noise = noise(random, 0.1) * height;
    by(n, |t| {
        let within = (t - begin) / length;
        let burst = match within {
            w if !(0.0..1.0).contains(&w) => 0.0,
            w if slow => w,
            _ => 1.0,
        };
        height * burst + noise * random.normal()
    })
}

fn constant(random: &mut Random, n: usize) -> Vec<f64> {
    let each = random.scale(16.0, 4.0 * KB).round();
    by(n, |t| each * t)
}

fn noisy(random: &mut Random, n: usize) -> Vec<f64> {
    let each = random.scale(16.0, KB);
    let noise = random.between(0.5, 4.0) * each;
    by(n, |t| each * t + noise * random.normal())
}

fn oscillating(random: &mut Random, n: usize) -> Vec<f64> {
    let each = random.scale(KB, 4.0 * KB);
    let height = random.between(5.0, 15.0) * each;
    by(n, |t| each * t + random.between(-height, height))
}

fn waving(random: &mut Random, n: usize) -> Vec<f64> {
    let each = random.scale(KB, 4.0 * KB);
    let height = random.between(5.0, 15.0) * each;
    let (period, phase) = (random.between(3.0, 12.5), random.unit());
    let noise = 0.5 * each;
    by(n, |t| each * t + height * (TAU * (t / period + phase)).sin() + noise * random.normal())
}

fn on_sawtooth(random: &mut Random, n: usize) -> Vec<f64> {
    let each = random.scale(16.0, KB).round();
    let height = random.between(10.0, 68.0) * each;
    let teeth = teeth(random, height);
    let noise = noise(random, 1.0) * each;
    by(n, |t| each * t + teeth(t) + noise * random.normal())
}

fn intermittent(random: &mut Random, n: usize) -> Vec<f64> {
    let each = random.scale(16.0, 4.0 * KB).round();
    // The first n / 10 of a random order (Fisher and Yates).
    let mut places: Vec<usize> = (1..=n).collect();
    for at in 0..n / 10 {
        let other = at + random.index(n - at);
        places.swap(at, other);
    }
    let places = &places[..n / 10];
    by(n, |t| each * places.iter().filter(|at| **at as f64 <= t).count() as f64)
}

fn random_intermittent(random: &mut Random, n: usize) -> Vec<f64> {
    let each = random.scale(16.0, 4.0 * KB).round();
    let mut value = 0.0;
    by(n, |t| {
        if t > 0.0 && random.unit() < 0.1 {
            value += each;
        }
        value
    })
}

fn both(random: &mut Random, n: usize) -> Vec<f64> {
    let each = random.scale(16.0, KB);
    let height = random.between(20.0, 200.0) * each;
    let constant = random.between(1.0, 8.0);
    let noise = noise(random, 2.0) * each;
    by(n, |t| each * t + height * (1.0 - (-t / constant).exp()) + noise * random.normal())
}
