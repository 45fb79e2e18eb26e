//! How much of a series is independent.

/// Share of the values that is independent, from the correlation of neighbours, 0 to 0.95, with the
/// bias of short series removed (Marriott and Pope, *Biometrika* 41, 1954: the estimate is short
/// by (1 + 4 rho) / n).
pub(super) fn independent(residuals: &[f64]) -> f64 {
    let rho = unbiased(residuals);
    (1.0 - rho) / (1.0 + rho)
}

/// The same for intervals, without doubt in favour of independence: a correlation that is not above the
/// chance level counts as well, so does what the `taken` parameters of a fit took of it, and half a
/// standard error, since an interval suffers more from a correlation that is taken too low than from one too
/// high.
pub(super) fn expected_independent(residuals: &[f64], taken: usize) -> f64 {
    let n = residuals.len() as f64;
    let rho = measured(residuals);
    let rho = rho + taken as f64 * (1.0 + 2.0 * rho) / n;
    let error = ((1.0 - rho * rho).max(0.0) / n).sqrt();
    let rho = if rho > error { rho + 0.5 * error } else { rho };
    let rho = rho.clamp(0.0, 0.95);
    (1.0 - rho) / (1.0 + rho)
}

/// The least share of the values that may be independent.
pub(super) fn least_independent(residuals: &[f64]) -> f64 {
    let n = residuals.len() as f64;
    let rho = unbiased(residuals);
    if rho == 0.0 {
        return 1.0;
    }
    let rho = (rho + 1.65 * ((1.0 - rho * rho) / n).sqrt()).min(0.98);
    (1.0 - rho) / (1.0 + rho)
}

fn unbiased(residuals: &[f64]) -> f64 {
    let rho = correlation(residuals);
    if rho > 0.0 { (rho + (1.0 + 4.0 * rho) / residuals.len() as f64).min(0.95) } else { 0.0 }
}

/// Correlation of neighbours, 0 if it is not above the chance level of independent values.
pub(super) fn correlation(residuals: &[f64]) -> f64 {
    let rho = measured(residuals);
    if rho <= 2.0 / (residuals.len() as f64).sqrt() { 0.0 } else { rho }
}

/// Correlation of neighbours; 0 of a series without any spread.
fn measured(residuals: &[f64]) -> f64 {
    let square_sum: f64 = residuals.iter().map(|r| r * r).sum();
    let neighbours: f64 = residuals.windows(2).map(|pair| pair[0] * pair[1]).sum();
    if square_sum > 0.0 { neighbours / square_sum } else { 0.0 }
}
