//! Series whose growth may end or not.

use std::f64::consts::TAU;

use super::{ClassRow, Drawn, KB, place};
use crate::Random;

/// Undecidable classes.
pub(super) const CLASSES: [ClassRow; 5] = [
    ("random walk", "steps of 16 B to 4 KB", walk),
    ("rising half of a wave", "40 to 50 % of a sine, noise 0.3 to 2 %", half_wave),
    ("one tooth", "an even rise, one fall to the start at 40 to 60 %, noise 0 to 3 %", tooth),
    ("pauses at the end", "even growth until 85 to 93 %, noise 0 to 0.5 % of it", pause),
    ("begins at the end", "flat, leaks from 88 to 95 % on by 4 to 8 times the noise", beginning),
];

fn walk(random: &mut Random, n: usize) -> Drawn {
    let unit = random.scale(16.0, 4.0 * KB);
    let mut value = 0.0;
    Drawn::by(n, |_| {
        value += unit * random.normal();
        value
    })
}

fn half_wave(random: &mut Random, n: usize) -> Drawn {
    let height = random.scale(KB, 64.0 * KB);
    let part = random.between(0.4, 0.5);
    let noise = random.between(0.003, 0.02) * height;
    Drawn::by(n, |t| height * (TAU * part * (t / n as f64 - 0.5)).sin() + noise * random.normal())
}

fn tooth(random: &mut Random, n: usize) -> Drawn {
    let each = random.scale(16.0, KB);
    let at = place(random, n, 0.4, 0.6);
    let noise = super::noise(random, 0.03) * each * n as f64;
    Drawn::by(n, |t| each * (if t >= at { t - at } else { t }) + noise * random.normal())
}

fn pause(random: &mut Random, n: usize) -> Drawn {
    let each = random.scale(16.0, KB);
    let at = place(random, n, 0.85, 0.93);
    let noise = super::noise(random, 0.005) * each * n as f64;
    Drawn::by(n, |t| each * t.min(at) + noise * random.normal())
}

fn beginning(random: &mut Random, n: usize) -> Drawn {
    let noise = random.scale(16.0, KB);
    let at = place(random, n, 0.88, 0.95);
    let each = random.between(4.0, 8.0) * noise / (n as f64 - at).max(1.0);
    Drawn::by(n, |t| each * (t - at).max(0.0) + noise * random.normal())
}
