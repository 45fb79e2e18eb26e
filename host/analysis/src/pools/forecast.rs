//! When a growing pool will be full.

use crate::{
    growth::{Estimate, collect::Timeline},
    model::{Pool, Sample},
};

/// Iterations until a pool that grows by `rate` is full; the interval is that of the rate. `None` if
/// its size is unknown or its growth uncertain.
pub(super) fn iterations(pool: &Pool, rate: Estimate) -> Option<Estimate> {
    let free = pool.size?.checked_sub(pool.allocated?)? as f64;
    let iterations_at = |rate: f64| if rate > 0.0 { free / rate } else { f64::INFINITY };
    let (value, low, high) =
        (iterations_at(rate.value), iterations_at(rate.high), iterations_at(rate.low));
    (value.is_finite() && high.is_finite()).then_some(Estimate { value, low, high })
}

/// Mean duration of an iteration in nanoseconds, if the snapshots have times of one clock.
pub(super) fn duration(timeline: &Timeline<'_>) -> Option<f64> {
    let time = |(at, sample): (usize, &Option<&Sample>)| Some((at, sample.as_ref()?.time?));
    let mut times = timeline.measured.iter().enumerate().filter_map(time);
    let (start, first) = times.next()?;
    let (end, last) = times.next_back()?;
    if first.clock != last.clock || last.ns <= first.ns {
        return None;
    }
    Some((last.ns - first.ns) as f64 / (end - start) as f64)
}
