//! Sessions that stay open.

use std::collections::BTreeMap;

use super::{GrowthOptions, ta_growth::TaGrowth, words};
use crate::{
    growth::{
        Judgement,
        collect::{self, RunTimeline, SessionSeries},
    },
    model::{Evidence, Figure, FigureKind, Finding, FindingKind, Session, Unit, Verdict},
    text,
};

/// Maximum number of listed session ids per opener; the rest is counted.
const LISTED: usize = 12;

pub(super) fn findings(timeline: &RunTimeline<'_>, options: GrowthOptions) -> Vec<Finding> {
    let findings = collect::sessions(timeline).into_iter().filter_map(|sessions| {
        let judgement = timeline.judge(&sessions.open);
        let is_reportable = words::is_reportable(&judgement, &sessions.open, options.notes);
        is_reportable.then(|| finding(&sessions, &judgement, timeline)).flatten()
    });
    findings.collect()
}

fn finding(
    sessions: &SessionSeries,
    judgement: &Judgement,
    timeline: &RunTimeline<'_>,
) -> Option<Finding> {
    let growth = TaGrowth {
        kind: FindingKind::SessionGrowth,
        uuid: sessions.uuid,
        judgement,
        series: &sessions.open,
        first: 0,
        thing: "session",
        unit: Unit::ObjectsPerIteration,
        idle: ("session", sessions.idle),
        title: title(sessions, judgement),
        figures: figures(sessions, judgement),
        lists: session_lists(&sessions.stayed),
        advice: format!(
            "look for a client of TA {} that opens a session per iteration and does not close it",
            sessions.uuid
        ),
    };
    growth.finding(timeline)
}

fn title(sessions: &SessionSeries, judgement: &Judgement) -> String {
    let uuid = sessions.uuid;
    let gain_text = text::amount(sessions.open.gain(), "session");
    let n = text::count(judgement.support.into(), "iteration");
    match (judgement.verdict, judgement.rate) {
        (Verdict::Leak, Some(rate)) => {
            let rate = text::amount(rate.value, "session");
            {
                let stay = if rate.starts_with("1 ") { "stays" } else { "stay" };
                format!("{rate} to TA {uuid} {stay} open after each iteration")
            }
        }
        (Verdict::WarmUp, _) => {
            format!("{gain_text} to TA {uuid}, opened in the first of {n}, stay open")
        }
        (Verdict::Step, _) => {
            let stay = if gain_text.starts_with("1 ") { "stays" } else { "stay" };
            format!("{gain_text} to TA {uuid}, opened once, {stay} open")
        }
        _ => format!("{gain_text} more to TA {uuid} after {n}: inconclusive"),
    }
}

fn figures(sessions: &SessionSeries, judgement: &Judgement) -> Vec<Figure> {
    let rate = judgement
        .rate
        .map(|rate| words::figure(FigureKind::Growth, rate, Unit::ObjectsPerIteration));
    let mut figures: Vec<_> = rate.into_iter().collect();
    figures.push(words::plain(FigureKind::Gained, sessions.open.gain(), Unit::Objects));
    figures
}

/// The remaining sessions by opener.
fn session_lists(sessions: &[Session]) -> Vec<Evidence> {
    let mut by_opener: BTreeMap<_, Vec<u32>> = BTreeMap::new();
    for session in sessions {
        by_opener.entry((session.opener, session.client)).or_default().push(session.id);
    }
    let line = |((opener, client), ids): (&(u32, Option<_>), &Vec<u32>)| {
        let opener_text = match (opener, client) {
            (0, None) => "the normal world".to_owned(),
            (0, Some(client)) => format!("the normal world's client {client}"),
            (opener, Some(client)) => format!("TA {client} (instance {opener})"),
            (opener, None) => format!("instance {opener}"),
        };
        Evidence::Text(list(&opener_text, ids).into())
    };
    by_opener.iter().map(line).collect()
}

fn list(who: &str, ids: &[u32]) -> String {
    let sessions = text::amount(ids.len() as f64, "session");
    let mut text = format!("{sessions} opened by {who} still open, id");
    for (n, id) in ids.iter().take(LISTED).enumerate() {
        let comma = if n == 0 { "" } else { "," };
        text.push_str(&format!("{comma} {id}"));
    }
    if let Some(rest) = ids.len().checked_sub(LISTED).filter(|rest| *rest > 0) {
        text.push_str(&format!(" and {} more", text::number(rest as u64)));
    }
    text
}
