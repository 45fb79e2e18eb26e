//! Guards the error rates loosely, with few series and fixed seeds. The bench has the real figures.

use teeleak_analysis::{
    growth::{Series, judge},
    model::Verdict,
};
use teeleak_bench_growth::{Class, Drawn, Random, Truth, classes};

/// Series of each class.
const SERIES: usize = 8;

fn leaks(at: usize, class: &Class, iterations: usize) -> usize {
    let drawn = (0..SERIES).map(|series| {
        let mut random = Random::new(20_261_121, at as u64, series as u64);
        class.draw(&mut random, iterations)
    });
    drawn.filter(|drawn| judged(drawn) == Verdict::Leak).count()
}

fn judged(drawn: &Drawn) -> Verdict {
    judge(&Series { values: drawn.values.clone(), cohorts: None }).verdict
}

#[test]
fn bounded_series_are_not_called_leaks() {
    for iterations in [20, 60] {
        for (at, class) in classes().iter().enumerate() {
            if class.truth == Truth::Bounded {
                let wrong = leaks(at, class, iterations);
                assert!(wrong <= 1, "{}, {iterations} iterations: {wrong}", class.name);
            }
        }
    }
}

#[test]
fn leaks_are_found_within_sixty_iterations() {
    for (at, class) in classes().iter().enumerate() {
        if class.truth == Truth::Leak {
            let found = leaks(at, class, 60);
            assert!(found + 2 >= SERIES, "{}: {found} of {SERIES}", class.name);
        }
    }
}

/// Seen backwards, what grew falls; in random order, it is noise.
#[test]
fn order_is_what_makes_a_leak() {
    for (at, class) in classes().iter().enumerate() {
        let mut random = Random::new(7, at as u64, 0);
        let mut drawn = class.draw(&mut random, 60);
        // A restart seen backwards grows as well, between its falls.
        if class.truth == Truth::Leak && !class.name.contains("restart") {
            let mut backwards = drawn.clone();
            backwards.values.reverse();
            assert_ne!(judged(&backwards), Verdict::Leak, "{}", class.name);
        }
        for last in (1..drawn.values.len()).rev() {
            drawn.values.swap(last, random.index(last + 1));
        }
        assert_ne!(judged(&drawn), Verdict::Leak, "{}", class.name);
    }
}

/// A leak that was found is found from more iterations, too.
#[test]
fn more_iterations_do_not_lose_a_leak() {
    let mut lost = 0;
    for (at, class) in classes().iter().enumerate().filter(|(_, class)| class.truth == Truth::Leak)
    {
        for series in 0..2 {
            // Most classes place what happens by the length, so that a prefix is of another class.
            let drawn = class.draw(&mut Random::new(11, at as u64, series), 160);
            let prefix = |n: usize| Drawn { values: drawn.values[..=n].to_vec(), ..drawn.clone() };
            if judged(&prefix(80)) == Verdict::Leak {
                lost += usize::from(judged(&prefix(120)) != Verdict::Leak);
                lost += usize::from(judged(&drawn) != Verdict::Leak);
            }
        }
    }
    assert!(lost <= 1, "{lost}");
}
