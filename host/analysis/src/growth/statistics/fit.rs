//! Least squares with few columns.

/// A fitted model.
#[derive(Clone, Debug)]
pub(super) struct Fit {
    /// Sum of the squared residuals.
    pub(super) squares: f64,
    /// Coefficient of the last column.
    pub(super) last: f64,
    /// Its variance, as a multiple of the variance of the noise.
    pub(super) spread: f64,
    /// The residuals.
    pub(super) residuals: Vec<f64>,
}

/// Fits `values` by `columns`, orthogonalising each against those before it (modified
/// Gram-Schmidt, which unlike the normal equations does not square the condition number). A column
/// that depends on those before it is left out.
pub(super) fn fit(values: &[f64], columns: &[&[f64]]) -> Fit {
    let mut residuals = values.to_vec();
    let mut basis: Vec<Vec<f64>> = Vec::with_capacity(columns.len());
    let (mut last, mut spread) = (0.0, f64::INFINITY);
    for column in columns {
        let mut rest = column.to_vec();
        let length = dot(&rest, &rest);
        for known in &basis {
            let projection = dot(known, &rest);
            subtract(&mut rest, known, projection);
        }
        let square = dot(&rest, &rest);
        if square <= 1e-10 * length {
            (last, spread) = (0.0, f64::INFINITY);
            continue;
        }
        let norm = square.sqrt();
        rest.iter_mut().for_each(|value| *value /= norm);
        let projection = dot(&rest, &residuals);
        subtract(&mut residuals, &rest, projection);
        (last, spread) = (projection / norm, 1.0 / square);
        basis.push(rest);
    }
    Fit { squares: dot(&residuals, &residuals), last, spread, residuals }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn subtract(from: &mut [f64], what: &[f64], times: f64) {
    from.iter_mut().zip(what).for_each(|(value, what)| *value -= times * what);
}
