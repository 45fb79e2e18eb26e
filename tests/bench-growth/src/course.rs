//! The figures of series that are judged again and again as they grow longer.

use teeleak_analysis::growth::{Series, judge};
use teeleak_bench_growth::{Class, FieldCase, Random, Truth, claim, classes, flips};

use crate::{
    demand::{Figure, Limit},
    parallel,
};

/// Values that a series is judged with first, where it is asked how many more would decide.
const ASKED_AT: usize = 61;

/// Values of a series in the end.
const LONGEST: usize = 240;

/// Values between two judgements.
const STEP: usize = 8;

/// How many times the iterations that were expected to decide may pass.
const PATIENCE: usize = 2;

/// What must hold of so many series of each class, and of as many cases from the field.
pub(crate) fn figures(series: usize, seed: u64) -> Vec<Figure> {
    let mut figures = field(series, seed);
    figures.extend(of_classes(series, seed));
    figures
}

fn field(cases: usize, seed: u64) -> Vec<Figure> {
    let case = |at: usize| FieldCase::draw(&mut Random::new(seed, 98, at as u64)).judge();
    let verdicts = parallel::map(cases, case);
    let place = format!("{cases} boards, seed {seed}");
    let count = |is: &dyn Fn(usize) -> bool| (0..cases).filter(|at| is(*at)).count() as f64;
    let share = |name: &str, is: &dyn Fn(usize) -> bool, limit| {
        let share = count(is) / cases.max(1) as f64;
        Figure::share(name.to_owned(), share, place.clone(), limit)
    };
    vec![
        share(
            "field case: found within two hours",
            &|at| verdicts[at].found,
            Limit::AtLeast(100.0),
        ),
        share("field case: called bounded before", &|at| verdicts[at].denied, Limit::AtMost(0.0)),
        share(
            "field case without the leak: called a leak",
            &|at| verdicts[at].accused,
            Limit::AtMost(0.0),
        ),
    ]
}

/// What the course of one class showed.
#[derive(Clone, Copy, Default)]
struct Course {
    /// Series whose firm verdict flips and flips back.
    flipping: usize,
    /// Series of which it was said how many more iterations would decide.
    promised: usize,
    /// Those that were decided within twice as many.
    kept: usize,
}

fn of_classes(series: usize, seed: u64) -> [Figure; 2] {
    let classes = classes();
    let courses = parallel::map(classes.len(), |at| course(&classes[at], at, series, seed));
    let sum = |part: &dyn Fn(&Course) -> usize| courses.iter().map(part).sum::<usize>() as f64;
    let (all, promised) = ((series * classes.len()) as f64, sum(&|one| one.promised));
    let kept = sum(&|one| one.kept) / promised.max(1.0);
    let place = |n: f64| format!("{n} series, seed {seed}");
    [
        Figure::share(
            "firm verdicts that flip and flip back as values come".to_owned(),
            sum(&|one| one.flipping) / all.max(1.0),
            place(all),
            Limit::AtMost(1.0),
        ),
        Figure::share(
            "decided within twice the iterations that were said to decide".to_owned(),
            kept,
            place(promised),
            Limit::AtLeast(80.0),
        ),
    ]
}

fn course(class: &Class, at: usize, series: usize, seed: u64) -> Course {
    let mut course = Course::default();
    for number in 0..series {
        let drawn = class.draw(&mut Random::new(seed ^ 31, at as u64, number as u64), LONGEST);
        course.flipping += usize::from(flips(&drawn.values, STEP) > 1);
        // Of what nobody can know, nothing can be promised.
        if matches!(class.truth, Truth::Bounded | Truth::Leak)
            && let Some(kept) = promise(&drawn.values)
        {
            course.promised += 1;
            course.kept += usize::from(kept);
        }
    }
    course
}

/// Whether a series was decided as early as was said; `None` if nothing was said, or the series ends before.
fn promise(values: &[Option<f64>]) -> Option<bool> {
    let more = judge(&Series { values: values[..ASKED_AT].to_vec(), cohorts: None }).more?;
    let last = ASKED_AT + PATIENCE * more as usize;
    let step = (PATIENCE * more as usize).div_ceil(STEP).max(1);
    let mut lengths = (ASKED_AT..=last).rev().step_by(step);
    (last <= values.len()).then(|| lengths.any(|n| claim(&values[..n]).is_some()))
}
