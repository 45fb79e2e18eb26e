//! Series that don't grow without end.

use std::f64::consts::TAU;

use super::{ClassRow, Drawn, KB, correlated, index, noise, place, random_ages, teeth};
use crate::Random;

/// Bounded classes.
pub(super) const CLASSES: [ClassRow; 29] = [
    ("white", "noise of 16 B to 4 KB (standard deviation)", white),
    ("flat", "constant; in half of them 1 to 3 lone values 1 to 100 objects off", flat),
    ("AR(1) 0.9", "innovations of 16 B to 4 KB", wandering),
    ("sawtooth", "512 B to 8 KB, period 3 to 16, noise 0 to 2 % of it", sawtooth),
    ("warm-up", "1 to 64 KB, time constant 1 to 20, noise 0 to 5 % of it", warm_up),
    ("warm-up, fast", "1 to 64 KB, time constant 0.5 to 3, noise 0 to 5 %", fast_warm_up),
    ("warm-up, slow", "1 to 64 KB, time constant 10 to 25, noise 0 to 5 %", slow_warm_up),
    ("one-off step", "1 to 64 KB at 10 to 90 %, noise 0 to 25 % of it", step),
    ("two steps", "1 to 64 KB each at 10 to 90 %, noise 0 to 25 % of the lower", two_steps),
    ("slow seasonal", "1 to 64 KB, period 20 to 72, noise 0 to 25 % of it", seasonal),
    ("burst that returns", "1 to 64 KB for 3 to n / 3, slow or sudden, noise 0 to 10 %", burst),
    ("many steps", "3 to 8 levels of 0 to 64 KB, noise 0 to 5 % of that", many_steps),
    (
        "step, AR noise",
        "step of 4 to 40 times AR(1) noise, 0.3 to 0.8, at 15 to 80 %",
        wandering_step,
    ),
    ("plateau", "fills evenly for 15 to 65 %, noise 0 to 5 % of it", plateau),
    (
        "rises that end",
        "16 B to 4 KB in 30 to 100 % of the iterations of the first 20 to 50 %",
        ending,
    ),
    (
        "high-water mark",
        "highest of a random demand so far: uniform, normal or exponential",
        high_water,
    ),
    ("high-water, noisy", "the same, noise 1 to 10 % of the demand's spread", noisy_high_water),
    ("decay to a level", "falls by 1 to 64 KB, time constant 1 to 20, noise 0 to 5 %", decay),
    (
        "fills, then empties",
        "rises evenly for 30 to 70 %, falls evenly, noise 0 to 5 %",
        rise_and_fall,
    ),
    ("falls evenly", "16 B to 1 KB per iteration, noise 0 to 4 times that", falling),
    (
        "sawtooth, irregular",
        "teeth of 3 to n / 4 iterations, noise 0 to 5 % of the highest",
        irregular,
    ),
    ("restarts", "1 to 4, each followed by a warm-up of constant 1 to 6, noise 1 to 5 %", restarts),
    ("quantised", "noise of 0.2 to 3 units", quantised),
    ("quantised, AR", "AR(1) noise of 0.5 to 10 units, 0.3 to 0.9", quantised_wandering),
    ("outliers", "noise, of which 3 to 10 % is 5 to 50 times as high", outliers),
    ("load", "a count that is Poisson distributed, mean 0.3 to 30", load),
    ("gaps", "noise, 2 to 20 % of the values missing", gaps),
    (
        "wave, gaps",
        "a sine of 5 to n / 4 iterations, noise 0.1 to 1 of it, 2 to 20 % missing",
        wave_gaps,
    ),
    ("whole MB", "uniformly random 30 MB around a level, in whole MB", whole_megabytes),
];

fn white(random: &mut Random, n: usize) -> Drawn {
    let noise = random.scale(16.0, 4.0 * KB);
    Drawn::by(n, |_| noise * random.normal())
}

fn flat(random: &mut Random, n: usize) -> Drawn {
    let mut values = vec![0.0; n + 1];
    if random.unit() < 0.5 {
        let size = random.whole(16.0, 256.0);
        for _ in 0..=random.index(3) {
            let at = random.index(n + 1);
            values[at] = size * random.whole(1.0, 100.0);
        }
    }
    Drawn::by(n, |t| values[index(t)])
}

fn wandering(random: &mut Random, n: usize) -> Drawn {
    let noise = random.scale(16.0, 4.0 * KB);
    let mut value = noise * random.normal() / (1.0_f64 - 0.9 * 0.9).sqrt();
    Drawn::by(n, |_| {
        let now = value;
        value = 0.9 * value + noise * random.normal();
        now
    })
}

fn sawtooth(random: &mut Random, n: usize) -> Drawn {
    let height = random.scale(512.0, 8.0 * KB);
    let teeth = teeth(random, height);
    let noise = noise(random, 0.02) * height;
    Drawn::by(n, |t| teeth(t) + noise * random.normal())
}

fn saturating(random: &mut Random, n: usize, fastest: f64, slowest: f64) -> Drawn {
    let height = random.scale(KB, 64.0 * KB);
    let constant = random.scale(fastest, slowest);
    let noise = noise(random, 0.05) * height;
    Drawn::by(n, |t| height * (1.0 - (-t / constant).exp()) + noise * random.normal())
}

fn warm_up(random: &mut Random, n: usize) -> Drawn {
    saturating(random, n, 1.0, 20.0)
}

fn fast_warm_up(random: &mut Random, n: usize) -> Drawn {
    saturating(random, n, 0.5, 3.0)
}

fn slow_warm_up(random: &mut Random, n: usize) -> Drawn {
    saturating(random, n, 10.0, 25.0)
}

fn step(random: &mut Random, n: usize) -> Drawn {
    let height = random.scale(KB, 64.0 * KB).round();
    let at = (random.between(0.1, 0.9) * n as f64).round();
    let noise = noise(random, 0.25) * height;
    Drawn::by(n, |t| if t >= at { height } else { 0.0 } + noise * random.normal())
}

fn two_steps(random: &mut Random, n: usize) -> Drawn {
    let heights = [(); 2].map(|()| random.scale(KB, 64.0 * KB).round());
    let places = [(); 2].map(|()| (random.between(0.1, 0.9) * n as f64).round());
    let noise = noise(random, 0.25) * heights[0].min(heights[1]);
    Drawn::by(n, |t| {
        let steps = heights.iter().zip(places).filter(|(_, at)| t >= *at);
        steps.map(|(height, _)| height).sum::<f64>() + noise * random.normal()
    })
}

fn seasonal(random: &mut Random, n: usize) -> Drawn {
    let height = random.scale(KB, 64.0 * KB);
    let period = random.between(20.0, 72.0);
    let phase = random.unit();
    let noise = noise(random, 0.25) * height;
    Drawn::by(n, |t| height * (TAU * (t / period + phase)).sin() + noise * random.normal())
}

fn burst(random: &mut Random, n: usize) -> Drawn {
    let height = random.scale(KB, 64.0 * KB).round();
    let length = random.whole(3.0, n as f64 / 3.0);
    let begin = random.between(0.05, 0.95) * (n as f64 - length - 1.0);
    let slow = random.unit() < 0.5;
    let noise = noise(random, 0.1) * height;
    Drawn::by(n, |t| {
        let within = (t - begin) / length;
        let burst = match within {
            w if !(0.0..1.0).contains(&w) => 0.0,
            w if slow => w,
            _ => 1.0,
        };
        height * burst + noise * random.normal()
    })
}

fn many_steps(random: &mut Random, n: usize) -> Drawn {
    let height = random.scale(KB, 64.0 * KB);
    let noise = noise(random, 0.05) * height;
    let ages = random_ages(random, n, (n as f64 / 8.0).ceil(), (n as f64 / 3.0).ceil());
    let mut level = random.between(0.0, height);
    Drawn::by(n, |t| {
        if ages[index(t)] == 0.0 {
            level = random.between(0.0, height);
        }
        level + noise * random.normal()
    })
}

fn wandering_step(random: &mut Random, n: usize) -> Drawn {
    let (rho, at) = (random.between(0.3, 0.8), place(random, n, 0.15, 0.8));
    let noise = correlated(random, n, rho);
    let (unit, height) = (random.scale(16.0, KB), random.scale(4.0, 40.0));
    Drawn::by(n, |t| unit * (noise[index(t)] + if t >= at { height } else { 0.0 }))
}

fn plateau(random: &mut Random, n: usize) -> Drawn {
    let height = random.scale(KB, 64.0 * KB);
    let end = place(random, n, 0.15, 0.65);
    let noise = noise(random, 0.05) * height;
    Drawn::by(n, |t| height * (t / end).min(1.0) + noise * random.normal())
}

fn ending(random: &mut Random, n: usize) -> Drawn {
    let each = random.scale(16.0, 4.0 * KB).round();
    let (often, end) = (random.between(0.3, 1.0), place(random, n, 0.2, 0.5));
    let same = random.unit() < 0.5;
    let mut value = 0.0;
    Drawn::by(n, |t| {
        if t > 0.0 && t <= end && random.unit() < often {
            value += if same { each } else { each * random.whole(1.0, 9.0) };
        }
        value
    })
}

/// The highest demand so far.
fn demand(random: &mut Random, n: usize) -> Vec<f64> {
    let (kind, spread) = (random.index(3), random.scale(KB, 64.0 * KB));
    let mut highest = 0.0_f64;
    let next = |_| {
        let demand = match kind {
            0 => random.unit(),
            1 => 4.0 + random.normal(),
            _ => -(1.0 - random.unit()).ln(),
        };
        highest = highest.max((spread * demand).round());
        highest
    };
    (0..=n).map(next).collect()
}

fn high_water(random: &mut Random, n: usize) -> Drawn {
    let values = demand(random, n);
    Drawn::by(n, |t| values[index(t)])
}

fn noisy_high_water(random: &mut Random, n: usize) -> Drawn {
    let values = demand(random, n);
    let noise = random.between(0.01, 0.1) * (values[n] - values[0]);
    Drawn::by(n, |t| values[index(t)] + noise * random.normal())
}

fn decay(random: &mut Random, n: usize) -> Drawn {
    let mut fall = saturating(random, n, 1.0, 20.0);
    fall.values.iter_mut().flatten().for_each(|value| *value = -*value);
    fall
}

fn rise_and_fall(random: &mut Random, n: usize) -> Drawn {
    let height = random.scale(KB, 64.0 * KB);
    let (top, noise) = (place(random, n, 0.3, 0.7), noise(random, 0.05) * height);
    let ends = random.between(0.0, 0.8);
    let down = (1.0 - ends) / (n as f64 - top);
    Drawn::by(n, |t| height * (t / top).min(1.0 - down * (t - top)) + noise * random.normal())
}

fn falling(random: &mut Random, n: usize) -> Drawn {
    let each = random.scale(16.0, KB);
    let noise = noise(random, 4.0) * each;
    Drawn::by(n, |t| noise * random.normal() - each * t)
}

fn irregular(random: &mut Random, n: usize) -> Drawn {
    let height = random.scale(512.0, 8.0 * KB);
    let longest = (n as f64 / 4.0).floor().max(4.0);
    let ages = random_ages(random, n, 3.0, longest);
    let noise = noise(random, 0.05) * height;
    Drawn::by(n, |t| height * ages[index(t)] / longest + noise * random.normal())
}

fn restarts(random: &mut Random, n: usize) -> Drawn {
    let height = random.scale(KB, 64.0 * KB);
    let constant = random.between(1.0, 6.0);
    let ages = random_ages(random, n, (n as f64 / 5.0).ceil(), (n as f64 / 1.5).ceil());
    let noise = random.between(0.01, 0.05) * height;
    Drawn::by(n, |t| height * (1.0 - (-ages[index(t)] / constant).exp()) + noise * random.normal())
}

fn quantised(random: &mut Random, n: usize) -> Drawn {
    let (unit, noise) = (random.scale(16.0, 4.0 * KB).round(), random.scale(0.2, 3.0));
    Drawn::by(n, |_| unit * noise * random.normal()).quantised(unit)
}

fn quantised_wandering(random: &mut Random, n: usize) -> Drawn {
    let rho = random.between(0.3, 0.9);
    let values = correlated(random, n, rho);
    let (unit, noise) = (random.scale(16.0, 4.0 * KB).round(), random.scale(0.5, 10.0));
    Drawn::by(n, |t| unit * noise * values[index(t)]).quantised(unit)
}

fn outliers(random: &mut Random, n: usize) -> Drawn {
    let unit = random.scale(16.0, KB);
    let (often, height) = (random.between(0.03, 0.1), random.scale(5.0, 50.0));
    Drawn::by(n, |_| unit * random.normal() * if random.unit() < often { height } else { 1.0 })
}

fn load(random: &mut Random, n: usize) -> Drawn {
    let (mean, size) = (random.scale(0.3, 30.0), random.whole(16.0, 256.0));
    let limit = (-mean).exp();
    // Knuth: how many uniform numbers can be multiplied before the product is below exp(-mean).
    let count = |random: &mut Random| {
        let mut product = random.unit();
        let mut n = 0.0;
        while product > limit {
            product *= random.unit();
            n += 1.0;
        }
        n
    };
    Drawn::by(n, |_| size * count(random))
}

fn gaps(random: &mut Random, n: usize) -> Drawn {
    white(random, n).with_gaps(random, 0.2)
}

fn wave_gaps(random: &mut Random, n: usize) -> Drawn {
    let (height, noise) = (random.scale(KB, 64.0 * KB), random.between(0.1, 1.0));
    let (period, phase) = (random.scale(5.0, (n as f64 / 4.0).max(6.0)), random.unit());
    let wave = |t: f64| height * (TAU * (t / period + phase)).sin();
    Drawn::by(n, |t| wave(t) + noise * height * random.normal()).with_gaps(random, 0.2)
}

fn whole_megabytes(random: &mut Random, n: usize) -> Drawn {
    let megabyte = KB * KB;
    Drawn::by(n, |_| random.between(-30.0, 30.0) * megabyte).quantised(megabyte)
}
