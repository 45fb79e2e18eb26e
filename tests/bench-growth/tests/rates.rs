//! Guards the error rates loosely, with few series and fixed seeds. The bench has the real figures.

use teeleak_analysis::{
    growth::{Series, judge},
    model::Verdict,
};
use teeleak_bench_growth::{CLASSES, Class, Random, Truth};

/// Series of each class.
const SERIES: usize = 25;

fn leaks(at: usize, class: &Class, iterations: usize) -> usize {
    let drawn = (0..SERIES).map(|series| {
        let mut random = Random::new(20_261_121, at as u64, series as u64);
        class.draw(&mut random, iterations)
    });
    drawn.filter(|values| judged(values) == Verdict::Leak).count()
}

fn judged(values: &[f64]) -> Verdict {
    judge(&Series::gauge(values.iter().copied())).verdict
}

#[test]
fn bounded_series_are_not_called_leaks() {
    for iterations in [20, 60] {
        for (at, class) in CLASSES.iter().enumerate() {
            if class.truth == Truth::Bounded {
                let wrong = leaks(at, class, iterations);
                assert!(wrong <= 1, "{}, {iterations} iterations: {wrong}", class.name);
            }
        }
    }
}

#[test]
fn leaks_are_found_within_sixty_iterations() {
    for (at, class) in CLASSES.iter().enumerate() {
        if class.truth == Truth::Leak {
            let found = leaks(at, class, 60);
            assert!(found + 2 >= SERIES, "{}: {found} of {SERIES}", class.name);
        }
    }
}

/// Seen backwards, what grew falls; in random order, it is noise.
#[test]
fn order_is_what_makes_a_leak() {
    for (at, class) in CLASSES.iter().enumerate() {
        let mut random = Random::new(7, at as u64, 0);
        let mut values = class.draw(&mut random, 60);
        if class.truth == Truth::Leak {
            let backwards: Vec<_> = values.iter().rev().copied().collect();
            assert_ne!(judged(&backwards), Verdict::Leak, "{}", class.name);
        }
        for last in (1..values.len()).rev() {
            values.swap(last, random.index(last + 1));
        }
        assert_ne!(judged(&values), Verdict::Leak, "{}", class.name);
    }
}

/// A leak that was found is found from more iterations, too.
#[test]
fn more_iterations_do_not_lose_a_leak() {
    for (at, class) in CLASSES.iter().enumerate().filter(|(_, class)| class.truth == Truth::Leak) {
        for series in 0..5 {
            // The intermittent class places its events by the length, so that a prefix is its own.
            let mut random = Random::new(11, at as u64, series);
            let values = class.draw(&mut random, 240);
            if judged(&values[..=80]) == Verdict::Leak {
                assert_eq!(judged(&values[..=160]), Verdict::Leak, "{} {series}", class.name);
                assert_eq!(judged(&values), Verdict::Leak, "{} {series}", class.name);
            }
        }
    }
}
