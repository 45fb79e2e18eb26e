//! What a leak hurts first: the pool that is full first.

use crate::{
    model::{FigureKind, Finding, FindingKind, PoolKind, Severity, Subject, Unit, Verdict},
    text,
};

/// Which pool is full first, at what rate and when; `None` unless something leaks.
pub(super) fn forecast(findings: &[Finding]) -> Option<String> {
    if !findings.iter().any(|one| one.severity == Severity::Failure) {
        return None;
    }
    let pools = findings.iter().filter_map(PoolForecast::new);
    pools.min_by(|a, b| a.left.total_cmp(&b.left)).map(|pool| pool.sentence())
}

struct PoolForecast<'f> {
    pool: &'f PoolKind,
    /// Growth per iteration.
    growth: f64,
    unit: Unit,
    /// Iterations that it has room for.
    left: f64,
}

impl<'f> PoolForecast<'f> {
    fn new(finding: &'f Finding) -> Option<Self> {
        let Subject::Pool(pool) = &finding.subject else { return None };
        let is_secure = !matches!(pool, PoolKind::NormalWorld(_));
        let is_leak =
            finding.kind == FindingKind::PoolGrowth && finding.verdict == Some(Verdict::Leak);
        let growth = finding.figure(FigureKind::Growth).filter(|_| is_leak && is_secure)?;
        let left = finding.figures.iter().find(|figure| {
            (figure.kind, figure.unit) == (FigureKind::UntilFull, Unit::Iterations)
        })?;
        Some(Self { pool, growth: growth.value, unit: growth.unit, left: left.value.floor() })
    }

    fn sentence(&self) -> String {
        let noun = if self.unit == Unit::BytesPerIteration { "byte" } else { "object" };
        let (amount, pool) = (text::amount(self.growth, noun), self.pool.label());
        let when = if self.left < 1.0 {
            "the next iteration fails".to_owned()
        } else {
            format!("full after {}", text::amount(self.left, "more iteration"))
        };
        format!("{amount} of {pool} per iteration, {when}")
    }
}
