//! How much of a series is independent.

/// Share of the values that is independent, from the correlation of neighbours, 0 to 0.95, with the
/// bias of short series removed (Marriott and Pope, *Biometrika* 41, 1954: the estimate is short
/// by (1 + 4 rho) / n).
pub(super) fn independent(residuals: &[f64]) -> f64 {
    let rho = unbiased(residuals);
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
    let n = residuals.len() as f64;
    let square_sum: f64 = residuals.iter().map(|r| r * r).sum();
    let neighbours: f64 = residuals.windows(2).map(|pair| pair[0] * pair[1]).sum();
    if neighbours <= square_sum * 2.0 / n.sqrt() { 0.0 } else { neighbours / square_sum }
}
