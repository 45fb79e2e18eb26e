//! Least squares with few columns.

/// Columns that are orthogonal to each other, of length one.
#[derive(Clone, Debug, Default)]
pub(super) struct OrthogonalBasis(Vec<Vec<f64>>);

/// What one more column explains.
#[derive(Clone, Copy, Debug)]
pub(super) struct Gain {
    /// By how much it lowers the sum of the squared residuals.
    pub(super) squares: f64,
    /// Its coefficient.
    pub(super) coefficient: f64,
    /// The variance of that, as a multiple of the variance of the noise.
    pub(super) spread: f64,
}

impl Gain {
    const NONE: Self = Self { squares: 0.0, coefficient: 0.0, spread: f64::INFINITY };
}

impl OrthogonalBasis {
    /// A basis of `columns`, orthogonalising each against those before it (modified Gram-Schmidt, which
    /// unlike the normal equations does not square the condition number).
    pub(super) fn new<'a>(columns: impl IntoIterator<Item = &'a [f64]>) -> Self {
        let mut basis = Self::default();
        for column in columns {
            basis.push(column);
        }
        basis
    }

    /// Adds a column; one that depends on those before it is left out.
    pub(super) fn push(&mut self, column: &[f64]) {
        if let Some((unit, _)) = self.unit(column) {
            self.0.push(unit);
        }
    }

    /// What of `values` the basis does not explain.
    pub(super) fn residuals(&self, values: &[f64]) -> Vec<f64> {
        let mut rest = values.to_vec();
        for unit in &self.0 {
            let projection = dot(unit, &rest);
            subtract(&mut rest, unit, projection);
        }
        rest
    }

    /// What `column` explains of `residuals`, which are orthogonal to the basis.
    pub(super) fn gain(&self, residuals: &[f64], column: &[f64]) -> Gain {
        let Some((unit, norm)) = self.unit(column) else { return Gain::NONE };
        let projection = dot(&unit, residuals);
        Gain {
            squares: projection * projection,
            coefficient: projection / norm,
            spread: 1.0 / (norm * norm),
        }
    }

    /// What two columns explain together.
    pub(super) fn gain_of_two(&self, residuals: &[f64], columns: [&[f64]; 2]) -> f64 {
        let Some((first, _)) = self.unit(columns[0]) else {
            return self.gain(residuals, columns[1]).squares;
        };
        let mut second = self.rest(columns[1]);
        let projection = dot(&first, &second);
        subtract(&mut second, &first, projection);
        let (length, explained) = (dot(&second, &second), dot(&second, residuals));
        let is_new = length > DEPENDENT * dot(columns[1], columns[1]);
        let second = if is_new { explained * explained / length } else { 0.0 };
        dot(&first, residuals).powi(2) + second
    }

    /// The part of a column that is new, of length one, and the length it had.
    fn unit(&self, column: &[f64]) -> Option<(Vec<f64>, f64)> {
        let mut rest = self.rest(column);
        let square = dot(&rest, &rest);
        if square <= DEPENDENT * dot(column, column) {
            return None;
        }
        let norm = square.sqrt();
        rest.iter_mut().for_each(|value| *value /= norm);
        Some((rest, norm))
    }

    fn rest(&self, column: &[f64]) -> Vec<f64> {
        self.residuals(column)
    }
}

/// Share of the square of a column below which nothing of it is new.
const DEPENDENT: f64 = 1e-10;

/// The sum of the products, in lanes that the processor adds up at the same time.
pub(super) fn dot(a: &[f64], b: &[f64]) -> f64 {
    const LANES: usize = 8;
    let (a, b) = (a.chunks_exact(LANES), b.chunks_exact(LANES));
    let rest = a.remainder().iter().zip(b.remainder()).map(|(a, b)| a * b).sum::<f64>();
    let mut sums = [0.0; LANES];
    for (a, b) in a.zip(b) {
        sums.iter_mut().zip(a.iter().zip(b)).for_each(|(sum, (a, b))| *sum += a * b);
    }
    sums.iter().sum::<f64>() + rest
}

fn subtract(values: &mut [f64], unit: &[f64], times: f64) {
    values.iter_mut().zip(unit).for_each(|(value, unit)| *value -= times * unit);
}
