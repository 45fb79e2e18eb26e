//! The fault from the field: found within two hours of prints, never denied before, and never seen where it is
//! not.

use teeleak_bench_growth::{FieldCase, FieldVerdicts, Random};

#[test]
fn a_slow_leak_under_noise_is_found_and_never_denied() {
    for case in 0..3 {
        let verdicts = FieldCase::draw(&mut Random::new(3, 3, case)).judge();
        let right = FieldVerdicts { found: true, denied: false, accused: false };
        assert_eq!(verdicts, right, "case {case}");
    }
}
