//! The rule of a tool that is widely used, in our own words.

/// LeakCanary's rule for repeated heap dumps: only what grew from each dump to the next is reported.
/// Five dumps, evenly spaced over the iterations.
#[must_use]
pub fn leak_canary(values: &[f64]) -> bool {
    const DUMPS: usize = 5;
    let last = values.len().saturating_sub(1);
    let dumps: Vec<_> = (1..=DUMPS).map(|dump| values[last * dump / DUMPS]).collect();
    dumps.windows(2).all(|pair| pair[1] > pair[0])
}
