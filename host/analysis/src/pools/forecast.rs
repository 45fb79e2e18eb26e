//! When a growing pool will be full.

use crate::{
    growth::{Estimate, collect::RunTimeline},
    model::{Pool, Sample},
};

/// Iterations that a pool that grows by `rate` has room for; the interval is that of the rate. An
/// iteration that needs `demand` for a time fails before the pool is full. `None` if its size is unknown
/// or its growth uncertain.
pub(super) fn iterations(pool: &Pool, rate: Estimate, demand: Option<u64>) -> Option<Estimate> {
    let free = pool.size?.checked_sub(pool.allocated?)? as f64;
    let iterations_at = |rate: f64| match demand.map(|demand| demand as f64) {
        _ if rate <= 0.0 => f64::INFINITY,
        Some(demand) if demand > free => 0.0,
        Some(demand) if demand > rate => (free - demand) / rate + 1.0,
        _ => free / rate,
    };
    let (value, low, high) =
        (iterations_at(rate.value), iterations_at(rate.high), iterations_at(rate.low));
    (value.is_finite() && high.is_finite()).then_some(Estimate { value, low, high })
}

/// Mean duration of an iteration in nanoseconds, if the snapshots have times of one clock.
pub(super) fn duration(timeline: &RunTimeline<'_>) -> Option<f64> {
    let time = |(at, sample): (usize, &Option<&Sample>)| Some((at, sample.as_ref()?.time?));
    let mut times = timeline.measured.iter().enumerate().filter_map(time);
    let (start, first) = times.next()?;
    let (end, last) = times.next_back()?;
    if first.clock != last.clock || last.ns <= first.ns {
        return None;
    }
    Some((last.ns - first.ns) as f64 / (end - start) as f64)
}

#[cfg(test)]
mod tests {
    use super::iterations;
    use crate::{
        growth::Estimate,
        model::{Pool, PoolKind, PoolUnit},
    };

    #[test]
    fn what_an_iteration_needs_for_a_time_must_fit_as_well() {
        let pool = Pool {
            allocated: Some(2000),
            size: Some(10_000),
            ..Pool::without_figures(PoolKind::Crypto, PoolUnit::Bytes)
        };
        let left =
            |demand| iterations(&pool, Estimate::exact(1000.0), demand).map(|left| left.value);
        assert_eq!(left(None), Some(8.0));
        assert_eq!(left(Some(1000)), Some(8.0), "no more than what stays");
        assert_eq!(left(Some(3000)), Some(6.0));
        assert_eq!(left(Some(9000)), Some(0.0));
        // The same, one iteration after the other.
        let lasts = (0..).take_while(|n| 2000 + n * 1000 + 3000 <= 10_000).count();
        assert_eq!(left(Some(3000)), Some(lasts as f64));
    }
}
