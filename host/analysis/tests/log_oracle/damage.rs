//! Damage of a log, as serial lines, ring buffers and copied text have it: one row of [`DAMAGES`] per way.

use std::collections::BTreeSet;

use crate::{random::Random, render::Line};

/// A damaged log.
pub(crate) struct Damaged {
    pub(crate) lines: Vec<Line>,
    /// Lines, from 0, that are not what was printed.
    pub(crate) hurt: BTreeSet<usize>,
    /// What was done, to be printed.
    pub(crate) what: Vec<String>,
}

/// A way in which a line is damaged; `None` if it can't be there.
type Harm = fn(&mut Damaged, usize, &mut Random) -> Option<()>;

const DAMAGES: [(&str, Harm); 7] = [
    ("drop", drop_line),
    ("delete", delete),
    ("flip", flip),
    ("split", split),
    ("join", join),
    ("interleave", interleave),
    ("garble", garble),
];

/// What the kernel prints in the middle of a line.
const KERNEL: [&str; 3] = [
    "[   88.120311] usb 1-2: reset high-speed USB device",
    "usb 1-1: reset",
    "\u{fffd}\u{fffd}_chan[  88.1] mmc0: Timeout waiting",
];

/// Damages so many lines per 1,000, at least one. Damage never meets damage: what it does is then known.
pub(crate) fn damage(lines: Vec<Line>, per_mille: usize, random: &mut Random) -> Damaged {
    let times = (lines.len() * per_mille).div_ceil(1000);
    let mut damaged = Damaged { lines, hurt: BTreeSet::new(), what: Vec::new() };
    let mut tries = 0;
    while damaged.what.len() < times && tries < 100 * times {
        tries += 1;
        let at = random.below(damaged.lines.len());
        let (name, harm) = DAMAGES[random.below(DAMAGES.len())];
        let near = at.saturating_sub(1)..at + 3;
        if damaged.hurt.range(near).next().is_none() && harm(&mut damaged, at, random).is_some() {
            damaged.what.push(format!("{name} line {}", at + 1));
        }
    }
    damaged
}

impl Damaged {
    /// Line `at` is two lines from now on.
    fn insert(&mut self, at: usize, line: Line) {
        self.lines.insert(at + 1, line);
        self.hurt = self.hurt.iter().map(|&n| if n > at { n + 1 } else { n }).collect();
        self.hurt.insert(at + 1);
    }

    fn remove(&mut self, at: usize) -> Line {
        self.hurt.remove(&at);
        self.hurt = self.hurt.iter().map(|&n| if n > at { n - 1 } else { n }).collect();
        self.lines.remove(at)
    }

    /// A place within the line, not at its ends.
    fn middle(&self, at: usize, random: &mut Random) -> Option<usize> {
        let len = self.lines[at].len();
        (len > 2).then(|| 1 + random.below(len - 2))
    }
}

fn drop_line(log: &mut Damaged, at: usize, _: &mut Random) -> Option<()> {
    log.remove(at);
    Some(())
}

fn delete(log: &mut Damaged, at: usize, random: &mut Random) -> Option<()> {
    let from = log.middle(at, random)?;
    let to = (from + 1 + random.below(4)).min(log.lines[at].len());
    log.lines[at].drain(from..to);
    log.hurt.insert(at);
    Some(())
}

/// A bit of a byte; never one that makes an end of a line.
fn flip(log: &mut Damaged, at: usize, random: &mut Random) -> Option<()> {
    let place = log.middle(at, random)?;
    let byte = log.lines[at][place] ^ (1 << random.below(8));
    if byte == b'\n' || byte == b'\r' {
        return None;
    }
    log.lines[at][place] = byte;
    log.hurt.insert(at);
    Some(())
}

fn split(log: &mut Damaged, at: usize, random: &mut Random) -> Option<()> {
    let place = log.middle(at, random)?;
    let rest = log.lines[at].split_off(place);
    log.insert(at, rest);
    log.hurt.insert(at);
    Some(())
}

fn join(log: &mut Damaged, at: usize, _: &mut Random) -> Option<()> {
    (at + 1 < log.lines.len()).then_some(())?;
    let next = log.remove(at + 1);
    log.lines[at].extend(next);
    log.hurt.insert(at);
    Some(())
}

/// Another CPU's line in the middle of this one: `begin NEXT LINE rest`.
fn interleave(log: &mut Damaged, at: usize, random: &mut Random) -> Option<()> {
    (at + 1 < log.lines.len()).then_some(())?;
    let place = log.middle(at, random)?;
    let rest = log.lines[at].split_off(place);
    let next = std::mem::replace(&mut log.lines[at + 1], rest);
    log.lines[at].extend(next);
    log.hurt.extend([at, at + 1]);
    Some(())
}

fn garble(log: &mut Damaged, at: usize, random: &mut Random) -> Option<()> {
    let place = log.middle(at, random)?;
    log.lines[at].truncate(place);
    log.lines[at].extend(KERNEL[random.below(KERNEL.len())].bytes());
    log.hurt.insert(at);
    Some(())
}
