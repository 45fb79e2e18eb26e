//! Random traces of a player: channels are opened, buffers mapped and unmapped, channels closed;
//! now and then in the wrong order.

use std::fmt::Write as _;

use teeleak_bench_measure::Random;

/// Channels that are used at once.
const CHANNELS: u32 = 64;

/// One close in so many comes before the unmaps.
const EARLY: u64 = 100;

/// One closed channel in so many gets another buffer before it is opened again.
const LATE: u64 = 200;

/// A step of the player.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Step {
    /// 0 opens a channel, 1 maps a buffer into it, 2 unmaps it, 3 closes it.
    pub(crate) cmd: u32,
    pub(crate) channel: u32,
    /// Number of the buffer; 0 for steps without.
    pub(crate) buffer: u32,
}

/// What is wrong in a trace.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(crate) struct Verdict {
    /// Buffers that were unmapped after their channel was closed.
    pub(crate) late_unmap: u64,
    /// Buffers that were mapped while the channel was closed.
    pub(crate) late_map: u64,
}

impl Verdict {
    /// Adds what another trace said.
    pub(crate) const fn add(&mut self, other: Self) {
        self.late_unmap += other.late_unmap;
        self.late_map += other.late_map;
    }
}

/// A channel as the player sees it.
#[derive(Default)]
struct Channel {
    open: bool,
    used: bool,
    mapped: Vec<u32>,
}

/// `n` steps, always the same for the same seed.
pub(crate) fn steps(n: usize, seed: u64) -> Vec<Step> {
    let mut random = Random(seed);
    let mut channels: Vec<Channel> = (0..CHANNELS).map(|_| Channel::default()).collect();
    let mut buffers = 0;
    (0..n)
        .map(|_| {
            let number = random.below(u64::from(CHANNELS));
            let at = usize::try_from(number).unwrap_or(0);
            let (cmd, buffer) = channels[at].step(&mut random, &mut buffers);
            Step { cmd, channel: u32::try_from(number).unwrap_or(0), buffer }
        })
        .collect()
}

impl Channel {
    /// What the player does next with it. A closed channel is not opened again before all its
    /// buffers are unmapped, so that one number per channel is all that a monitor has to keep.
    fn step(&mut self, random: &mut Random, buffers: &mut u32) -> (u32, u32) {
        let full = self.mapped.len() >= 4;
        match (self.open, self.mapped.is_empty()) {
            (false, true) if self.used && random.below(LATE) == 0 => (1, self.map(buffers)),
            (false, true) => {
                (self.open, self.used) = (true, true);
                (0, 0)
            }
            (true, false) if random.below(4 * EARLY) == 0 => self.close(),
            (true, true) if random.below(4) == 0 => self.close(),
            (true, _) if !full && random.below(2) == 0 => (1, self.map(buffers)),
            (true, true) => (1, self.map(buffers)),
            (_, false) => (2, self.mapped.pop().unwrap_or(0)),
        }
    }

    const fn close(&mut self) -> (u32, u32) {
        self.open = false;
        (3, 0)
    }

    fn map(&mut self, buffers: &mut u32) -> u32 {
        *buffers += 1;
        self.mapped.push(*buffers);
        *buffers
    }
}

/// The steps as lines of numbers, with a time that rises by a microsecond.
pub(crate) fn csv(steps: &[Step]) -> String {
    let mut text = String::from("cmd,channel,buffer,time\n");
    for (at, Step { cmd, channel, buffer }) in steps.iter().enumerate() {
        let (seconds, micros) = (at / 1_000_000, at % 1_000_000);
        // Writing into a string never fails.
        let _ = writeln!(text, "{cmd},{channel},{buffer},{seconds}.{micros:06}");
    }
    text
}

/// The steps as a vendor's TA prints them (`tests/fixtures/log/3.11.vendor-channel-switches.log`).
pub(crate) fn log(steps: &[Step]) -> String {
    let mut text = String::new();
    for (at, Step { cmd, channel, buffer }) in steps.iter().enumerate() {
        let (seconds, micros) = (57_000 + at / 1_000, at % 1_000 * 1_000);
        let _ = write!(text, "[{seconds}.{micros:06}@{}] [TEE] D/TA:  tee_tvp_", at % 4);
        let way = ["open_channel:120", "vdec_input_buf_map:210", "vdec_input_buf_unmap:250"];
        let name = way.get(*cmd as usize).unwrap_or(&"close_channel:160");
        let _ = write!(text, "{name} channel {channel} ");
        if *buffer > 0 {
            let _ = write!(text, "pa {:#x} size 0x1000 ", 4096 * u64::from(*buffer));
        }
        text.push_str("pid 812 ret 0x0\n");
    }
    text
}
