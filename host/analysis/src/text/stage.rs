//! Stages of a run.

use crate::model::{Moment, Stage};

/// The stage in reports.
#[must_use]
pub const fn stage_label(stage: Stage) -> &'static str {
    match stage {
        Stage::Warmup => "warm-up",
        other => stage_key(other),
    }
}

/// The stage in machine formats: CSV, and the data of the HTML page.
#[must_use]
pub const fn stage_key(stage: Stage) -> &'static str {
    match stage {
        Stage::Before => "before",
        Stage::Idle => "idle",
        Stage::Warmup => "warmup",
        Stage::Measured => "measured",
        Stage::After => "after",
    }
}

/// When a snapshot was taken: `warm-up iteration 3`, `before the first iteration`.
#[must_use]
pub fn moment(moment: Moment) -> String {
    let n = moment.iteration;
    match moment.stage {
        Stage::Before => "before the first iteration".to_owned(),
        Stage::Measured => format!("iteration {n}"),
        Stage::After => "after the last iteration".to_owned(),
        stage => format!("{} iteration {n}", stage_label(stage)),
    }
}

#[cfg(test)]
mod tests {
    use crate::text::stage::*;

    #[test]
    fn people_and_programs_have_their_own_words() {
        assert_eq!([stage_label(Stage::Warmup), stage_key(Stage::Warmup)], ["warm-up", "warmup"]);
        let at = |stage| moment(Moment { stage, iteration: 3 });
        assert_eq!([at(Stage::Idle), at(Stage::Measured)], ["idle iteration 3", "iteration 3"]);
    }
}
