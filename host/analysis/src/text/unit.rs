//! Units of figures.

use super::decimal;
use crate::model::{PoolUnit, Unit};

/// The unit of a pool.
#[must_use]
pub const fn pool_unit(unit: PoolUnit) -> &'static str {
    match unit {
        PoolUnit::Bytes => "bytes",
        PoolUnit::Objects => "objects",
    }
}

/// The unit in reports, singular and plural.
const fn unit_labels(unit: Unit) -> (&'static str, &'static str) {
    match unit {
        Unit::BytesPerIteration => ("byte per iteration", "bytes per iteration"),
        Unit::ObjectsPerIteration => ("object per iteration", "objects per iteration"),
        Unit::CallsPerIteration => ("call per iteration", "calls per iteration"),
        Unit::Bytes => ("byte", "bytes"),
        Unit::Objects => ("object", "objects"),
        Unit::Calls => ("call", "calls"),
        Unit::Iterations => ("iteration", "iterations"),
        Unit::Nanoseconds => ("ns", "ns"),
    }
}

/// A value with its unit: `1 object per iteration`, `2.50 objects per iteration`, `4,096 bytes`.
#[must_use]
pub fn quantity(value: f64, unit: Unit) -> String {
    let value = decimal(value);
    let (one, several) = unit_labels(unit);
    format!("{value} {}", if value == "1" { one } else { several })
}

#[cfg(test)]
mod tests {
    use crate::text::unit::*;

    #[test]
    fn units_agree_with_their_value() {
        assert_eq!(quantity(1.0, Unit::ObjectsPerIteration), "1 object per iteration");
        assert_eq!(quantity(2.5, Unit::BytesPerIteration), "2.50 bytes per iteration");
        assert_eq!(quantity(44.0, Unit::Calls), "44 calls");
        let all = [Unit::Bytes, Unit::Objects, Unit::Iterations, Unit::Nanoseconds];
        assert_eq!(
            all.map(|unit| quantity(1.0, unit)),
            ["1 byte", "1 object", "1 iteration", "1 ns"]
        );
    }
}
