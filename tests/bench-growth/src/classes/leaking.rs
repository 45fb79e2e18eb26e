//! Series that leak at their end.

use std::f64::consts::TAU;

use super::{
    ClassRow, Drawn, KB, correlated, drawn::error, index, noise, place, random_ages, teeth,
};
use crate::Random;

/// Classes of leaks.
pub(super) const CLASSES: [ClassRow; 26] = [
    ("constant", "16 B to 4 KB per iteration, exactly", constant),
    ("noisy", "16 B to 1 KB per iteration, noise 0.5 to 4 times that", noisy),
    ("very noisy", "a line of 5 to 50 standard errors", very_noisy),
    ("under oscillation", "1 to 4 KB, uniformly random 5 to 15 times that", oscillating),
    ("under a wave", "1 to 4 KB, sine 5 to 15 times that, period 3 to 12.5, noise 0.5", waving),
    (
        "under a slow wave",
        "sine of 1.2 to 3 cycles, 5 to 30 % of the growth, 7 to 70 errors",
        slow_waving,
    ),
    (
        "under sawtooth",
        "16 B to 1 KB, sawtooth 10 to 68 times that, period 3 to 16, noise 0 to 1",
        on_sawtooth,
    ),
    (
        "irregular sawtooth",
        "16 B to 1 KB, teeth of 3 to 12 iterations, 5 to 30 times that, noise 0 to 1",
        on_irregular_sawtooth,
    ),
    ("intermittent 10 %", "16 B to 4 KB in exactly n / 10 iterations, anywhere", intermittent),
    ("random amounts", "16 B to 4 KB on average, exponential, in each iteration", amounts),
    ("batches", "16 B to 1 KB in 4 to 9 of 10 iterations at random, noise 0 to 2", batches),
    (
        "warm-up plus leak",
        "16 B to 1 KB, warm-up 20 to 200 times that, constant 1 to 8, noise 0 to 2",
        both,
    ),
    (
        "decay plus leak",
        "16 B to 1 KB after a fall of 20 to 200 times that, noise 0 to 2",
        after_decay,
    ),
    (
        "step plus leak",
        "16 B to 1 KB, step of 10 to 100 times that at 15 to 85 %, noise 0 to 2",
        with_step,
    ),
    (
        "begins late",
        "flat, leaks from 30 to 75 % on, 7 to 70 errors, the beginning being unknown",
        late,
    ),
    ("begins late, exact", "constant, then 16 B to 4 KB from 30 to 75 % on, exactly", late_exact),
    ("accelerating", "the square of time, noise 0 to 5 % of the growth", accelerating),
    ("knee, faster", "2 to 6 times as fast from 25 to 75 % on, noise 0 to 2", faster),
    ("knee, slower", "1 / 2 to 1 / 4 as fast from 25 to 60 % on, noise 0 to 2", slower),
    ("AR noise", "AR(1) 0.3 to 0.8, 7 to 70 standard errors", wandering),
    ("quantised", "whole units, 0.05 to 2 units per iteration, noise 0 to 2 units", quantised),
    ("gaps", "as noisy, 2 to 20 % of the values missing", gaps),
    ("constant, gaps", "16 B to 4 KB, exactly, 2 to 20 % of the values missing", constant_gaps),
    ("outliers", "16 B to 1 KB, noise of which 3 to 10 % is 5 to 20 times as high", outliers),
    ("restart", "a fall to the start at 15 to 35 %, the same line before and after", restart),
    ("restarts, rising", "1 to 3 falls by 10 to 50 % of the growth, noise 0 to 2", rising_restarts),
];

/// Classes of leaks that not every series shows.
pub(super) const HARD: [ClassRow; 1] = [(
    "intermittent, random",
    "16 B to 4 KB in each iteration with probability 10 %",
    random_intermittent,
)];

/// A line of random slope and a size of the noise that leaves it `low` to `high` times its error.
fn clear_line(random: &mut Random, error: f64, low: f64, high: f64) -> (f64, f64) {
    let each = random.scale(16.0, KB);
    (each, each / random.scale(low, high) / error)
}

fn constant(random: &mut Random, n: usize) -> Drawn {
    let each = random.scale(16.0, 4.0 * KB).round();
    Drawn::by(n, |t| each * t).leaking(each, 0.0)
}

fn noisy(random: &mut Random, n: usize) -> Drawn {
    let each = random.scale(16.0, KB);
    let noise = random.between(0.5, 4.0) * each;
    let values = Drawn::by(n, |t| each * t + noise * random.normal());
    values.leaking(each, noise * error(n, 0.0, &[]))
}

fn very_noisy(random: &mut Random, n: usize) -> Drawn {
    let unit = error(n, 0.0, &[]);
    let (each, noise) = clear_line(random, unit, 5.0, 50.0);
    Drawn::by(n, |t| each * t + noise * random.normal()).leaking(each, noise * unit)
}

fn oscillating(random: &mut Random, n: usize) -> Drawn {
    let each = random.scale(KB, 4.0 * KB);
    let height = random.between(5.0, 15.0) * each;
    let values = Drawn::by(n, |t| each * t + random.between(-height, height));
    values.leaking(each, height / 3.0_f64.sqrt() * error(n, 0.0, &[]))
}

fn waving(random: &mut Random, n: usize) -> Drawn {
    let each = random.scale(KB, 4.0 * KB);
    let height = random.between(5.0, 15.0) * each;
    let (period, phase) = (random.between(3.0, 12.5), random.unit());
    let noise = 0.5 * each;
    let wave = |t: f64| height * (TAU * (t / period + phase)).sin();
    let values = Drawn::by(n, |t| each * t + wave(t) + noise * random.normal());
    values.leaking(each, noise * error(n, 0.0, &[&wave]))
}

fn slow_waving(random: &mut Random, n: usize) -> Drawn {
    let period = n as f64 / random.between(1.2, 3.0);
    let phase = random.unit();
    let sine = |t: f64| (TAU * (t / period + phase)).sin();
    let cosine = |t: f64| (TAU * (t / period + phase)).cos();
    let unit = error(n, 0.0, &[&sine, &cosine]);
    let (each, noise) = clear_line(random, unit, 7.0, 70.0);
    let height = random.between(0.05, 0.3) * each * n as f64;
    Drawn::by(n, |t| each * t + height * sine(t) + noise * random.normal())
        .leaking(each, noise * unit)
}

fn on_sawtooth(random: &mut Random, n: usize) -> Drawn {
    let each = random.scale(16.0, KB).round();
    let height = random.between(10.0, 68.0) * each;
    let teeth = teeth(random, height);
    let noise = noise(random, 1.0) * each;
    let values = Drawn::by(n, |t| each * t + teeth(t) + noise * random.normal());
    values.leaking(each, noise * error(n, 0.0, &[&teeth]))
}

fn on_irregular_sawtooth(random: &mut Random, n: usize) -> Drawn {
    let each = random.scale(16.0, KB).round();
    let height = random.between(5.0, 30.0) * each;
    let ages = random_ages(random, n, 3.0, 12.0);
    let noise = noise(random, 1.0) * each;
    let teeth = |t: f64| height * ages[index(t)] / 12.0;
    let values = Drawn::by(n, |t| each * t + teeth(t) + noise * random.normal());
    values.leaking(each, noise * error(n, 0.0, &[&teeth]))
}

fn intermittent(random: &mut Random, n: usize) -> Drawn {
    let each = random.scale(16.0, 4.0 * KB).round();
    // The first n / 10 of a random order (Fisher and Yates).
    let mut places: Vec<usize> = (1..=n).collect();
    for at in 0..n / 10 {
        let other = at + random.index(n - at);
        places.swap(at, other);
    }
    let places = &places[..n / 10];
    let values =
        Drawn::by(n, |t| each * places.iter().filter(|at| **at as f64 <= t).count() as f64);
    values.leaking(each / 10.0, 0.0)
}

fn random_intermittent(random: &mut Random, n: usize) -> Drawn {
    let each = random.scale(16.0, 4.0 * KB).round();
    let mut value = 0.0;
    let values = Drawn::by(n, |t| {
        if t > 0.0 && random.unit() < 0.1 {
            value += each;
        }
        value
    });
    values.leaking(each / 10.0, 0.0)
}

fn amounts(random: &mut Random, n: usize) -> Drawn {
    let each = random.scale(16.0, 4.0 * KB).round();
    let mut value = 0.0;
    let values = Drawn::by(n, |_| {
        value -= (each * (1.0 - random.unit()).ln()).round();
        value
    });
    // What it lost, not what it lost on average over all series.
    let lost = values
        .values
        .iter()
        .flatten()
        .fold((f64::MAX, 0.0_f64), |(low, high), value| (low.min(*value), high.max(*value)));
    values.leaking((lost.1 - lost.0) / n as f64, each / (n as f64).sqrt())
}

fn batches(random: &mut Random, n: usize) -> Drawn {
    let each = random.scale(16.0, KB);
    let often = random.between(0.4, 0.9);
    let noise = noise(random, 2.0) * each;
    let mut value = 0.0;
    let values = Drawn::by(n, |_| {
        value += if random.unit() < often { each } else { 0.0 };
        value + noise * random.normal()
    });
    let wanders = (often * (1.0 - often) / n as f64).sqrt() * each;
    values.leaking(value / n as f64, wanders.hypot(noise * error(n, 0.0, &[])))
}

fn both(random: &mut Random, n: usize) -> Drawn {
    let each = random.scale(16.0, KB);
    let height = random.between(20.0, 200.0) * each;
    let constant = random.between(1.0, 8.0);
    let noise = noise(random, 2.0) * each;
    let curve = |t: f64| height * (1.0 - (-t / constant).exp());
    let values = Drawn::by(n, |t| each * t + curve(t) + noise * random.normal());
    values.leaking(each, noise * error(n, 0.0, &[&curve]))
}

fn after_decay(random: &mut Random, n: usize) -> Drawn {
    let each = random.scale(16.0, KB);
    let height = random.between(20.0, 200.0) * each;
    let constant = random.between(1.0, 8.0);
    let noise = noise(random, 2.0) * each;
    let curve = |t: f64| height * (-t / constant).exp();
    let values = Drawn::by(n, |t| each * t + curve(t) + noise * random.normal());
    values.leaking(each, noise * error(n, 0.0, &[&curve]))
}

fn with_step(random: &mut Random, n: usize) -> Drawn {
    let each = random.scale(16.0, KB);
    let height = random.between(10.0, 100.0) * each;
    let (at, noise) = (place(random, n, 0.15, 0.85), noise(random, 2.0) * each);
    let step = |t: f64| if t >= at { height } else { 0.0 };
    let values = Drawn::by(n, |t| each * t + step(t) + noise * random.normal());
    values.leaking(each, noise * error(n, 0.0, &[&step]))
}

fn late(random: &mut Random, n: usize) -> Drawn {
    let begin = place(random, n, 0.3, 0.75);
    // When it begins must be learnt from the values as well: the derivative by it is a step.
    let unit = error(n, begin, &[&|t| if t > begin { 1.0 } else { 0.0 }]);
    let (each, noise) = clear_line(random, unit, 7.0, 70.0);
    Drawn::by(n, |t| each * (t - begin).max(0.0) + noise * random.normal())
        .leaking(each, noise * unit)
}

fn late_exact(random: &mut Random, n: usize) -> Drawn {
    let begin = place(random, n, 0.3, 0.75);
    let each = random.scale(16.0, 4.0 * KB).round();
    Drawn::by(n, |t| each * (t - begin).max(0.0)).leaking(each, 0.0)
}

fn accelerating(random: &mut Random, n: usize) -> Drawn {
    let height = random.scale(KB, 64.0 * KB);
    let noise = noise(random, 0.05) * height;
    let length = n as f64;
    let values = Drawn::by(n, |t| height * (t / length).powi(2) + noise * random.normal());
    values.leaking(2.0 * height / length, noise * error(n, length / 2.0, &[&|t| t]))
}

fn faster(random: &mut Random, n: usize) -> Drawn {
    knee(random, n, (2.0, 6.0), (0.25, 0.75))
}

fn slower(random: &mut Random, n: usize) -> Drawn {
    knee(random, n, (0.25, 0.5), (0.25, 0.6))
}

fn knee(random: &mut Random, n: usize, times: (f64, f64), at: (f64, f64)) -> Drawn {
    let before = random.scale(16.0, KB);
    let after = before * random.between(times.0, times.1);
    let (at, noise) = (place(random, n, at.0, at.1), noise(random, 2.0) * before.min(after));
    let values =
        Drawn::by(n, |t| before * t.min(at) + after * (t - at).max(0.0) + noise * random.normal());
    values.leaking(after, noise * error(n, at, &[&|t| t.min(at)]))
}

fn wandering(random: &mut Random, n: usize) -> Drawn {
    let rho = random.between(0.3, 0.8);
    let values = correlated(random, n, rho);
    let unit = error(n, 0.0, &[]) * ((1.0 + rho) / (1.0 - rho)).sqrt();
    let (each, noise) = clear_line(random, unit, 7.0, 70.0);
    Drawn::by(n, |t| each * t + noise * values[index(t)]).leaking(each, noise * unit)
}

fn quantised(random: &mut Random, n: usize) -> Drawn {
    let unit = random.scale(16.0, 4.0 * KB).round();
    let (each, noise) = (random.scale(0.05, 2.0) * unit, noise(random, 2.0) * unit);
    let values = Drawn::by(n, |t| each * t + noise * random.normal()).quantised(unit);
    // Without noise, the errors of rounding depend on each other: what is known is when a unit was full.
    let rounding = if noise < 0.5 * unit { unit / n as f64 } else { 0.0 };
    let error = noise.hypot(unit / 12.0_f64.sqrt()) * error(n, 0.0, &[]);
    values.leaking(each, error.max(rounding))
}

fn gaps(random: &mut Random, n: usize) -> Drawn {
    noisy(random, n).with_gaps(random, 0.2)
}

fn constant_gaps(random: &mut Random, n: usize) -> Drawn {
    constant(random, n).with_gaps(random, 0.2)
}

fn outliers(random: &mut Random, n: usize) -> Drawn {
    let each = random.scale(16.0, KB);
    let noise = random.between(0.1, 2.0) * each;
    let (often, height) = (random.between(0.03, 0.1), random.scale(5.0, 20.0));
    let values = Drawn::by(n, |t| {
        let times = if random.unit() < often { height } else { 1.0 };
        each * t + noise * times * random.normal()
    });
    let spread = (1.0 + often * (height * height - 1.0)).sqrt();
    values.leaking(each, noise * spread * error(n, 0.0, &[]))
}

fn restart(random: &mut Random, n: usize) -> Drawn {
    let each = random.scale(16.0, KB);
    let (at, noise) = (place(random, n, 0.15, 0.35), noise(random, 2.0) * each);
    let step = |t: f64| if t >= at { -at * each } else { 0.0 };
    let values = Drawn::by(n, |t| each * t + step(t) + noise * random.normal());
    values.leaking(each, noise * error(n, 0.0, &[&step]))
}

fn rising_restarts(random: &mut Random, n: usize) -> Drawn {
    let each = random.scale(16.0, KB);
    let noise = noise(random, 2.0) * each;
    let falls = random.index(3) + 1;
    let ages = random_ages(random, n, n as f64 / 5.0, n as f64 / (falls as f64 + 0.5));
    let (mut fallen, part) = (0.0, random.between(0.1, 0.5));
    let values = Drawn::by(n, |t| {
        let at = index(t);
        if ages[at] == 0.0 && at > 0 {
            fallen += part * each * ages[at - 1];
        }
        each * t - fallen + noise * random.normal()
    });
    values.leaking(each, noise * error(n, 0.0, &[]) * 2.0)
}
