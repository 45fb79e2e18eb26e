//! Damage of a log, as serial lines, ring buffers and copied text have it: one row of [`DAMAGES`] per way.

use crate::{
    random::Random,
    render::{Line, Log},
};

/// A way in which line `at` is damaged; `None` if it can't be there.
type Harm = fn(&mut Log, usize, &mut Random) -> Option<()>;

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

/// Damages so many lines per 1,000, at least one, and returns what it did. Damage never meets damage, nor the
/// only evidence of a story: what remains true is then known.
pub(crate) fn damage(log: &mut Log, per_mille: usize, random: &mut Random) -> Vec<String> {
    let times = (log.len() * per_mille).div_ceil(1000);
    let mut done = Vec::new();
    for _ in 0..100 * times {
        if done.len() == times {
            break;
        }
        let at = random.below(log.len());
        let (name, harm) = DAMAGES[random.below(DAMAGES.len())];
        let near = &log[at.saturating_sub(1)..log.len().min(at + 3)];
        let is_free = near.iter().all(|line| !line.is_hurt && !line.is_only);
        if is_free && harm(log, at, random).is_some() {
            done.push(format!("{name} line {}", at + 1));
        }
    }
    done
}

/// A place within the line, not at its ends.
fn middle(line: &Line, random: &mut Random) -> Option<usize> {
    let len = line.text.len();
    (len > 2).then(|| 1 + random.below(len - 2))
}

fn drop_line(log: &mut Log, at: usize, _: &mut Random) -> Option<()> {
    log.remove(at);
    Some(())
}

fn delete(log: &mut Log, at: usize, random: &mut Random) -> Option<()> {
    let line = &mut log[at];
    let from = middle(line, random)?;
    let to = (from + 1 + random.below(4)).min(line.text.len());
    line.text.drain(from..to);
    line.is_hurt = true;
    Some(())
}

/// Flips a bit of a byte; never one that makes an end of a line.
fn flip(log: &mut Log, at: usize, random: &mut Random) -> Option<()> {
    let line = &mut log[at];
    let place = middle(line, random)?;
    let byte = line.text[place] ^ (1 << random.below(8));
    if byte == b'\n' || byte == b'\r' {
        return None;
    }
    line.text[place] = byte;
    line.is_hurt = true;
    Some(())
}

fn split(log: &mut Log, at: usize, random: &mut Random) -> Option<()> {
    let place = middle(&log[at], random)?;
    let rest = log[at].text.split_off(place);
    log[at].is_hurt = true;
    log.insert(at + 1, Line { text: rest, is_hurt: true, is_only: false });
    Some(())
}

fn join(log: &mut Log, at: usize, _: &mut Random) -> Option<()> {
    (at + 1 < log.len()).then_some(())?;
    let next = log.remove(at + 1);
    log[at].text.extend(next.text);
    log[at].is_hurt = true;
    Some(())
}

/// Another CPU's line in the middle of this one: `begin NEXT LINE`, then its rest.
fn interleave(log: &mut Log, at: usize, random: &mut Random) -> Option<()> {
    (at + 1 < log.len()).then_some(())?;
    let place = middle(&log[at], random)?;
    let rest = log[at].text.split_off(place);
    let next = std::mem::replace(&mut log[at + 1].text, rest);
    log[at].text.extend(next);
    (log[at].is_hurt, log[at + 1].is_hurt) = (true, true);
    Some(())
}

fn garble(log: &mut Log, at: usize, random: &mut Random) -> Option<()> {
    let line = &mut log[at];
    line.text.truncate(middle(line, random)?);
    line.text.extend(KERNEL[random.below(KERNEL.len())].bytes());
    line.is_hurt = true;
    Some(())
}
