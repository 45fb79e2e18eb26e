//! The page: head, banner, sections and footer.

use std::io;

use maud::{DOCTYPE, Markup, PreEscaped, html};
use teeleak_analysis::audit::{Conclusion, Report};

use super::{
    coverage, data, finding, policy, regions, regions::RegionCharts, sites, sites::SiteTable,
    summary, timeline,
};
use crate::render::{
    labels,
    view::{
        ReportView,
        report::{headline, scope},
    },
};

/// The whole page.
pub(super) fn page(view: &ReportView<'_>) -> io::Result<Markup> {
    let table = SiteTable::new(view);
    let maps = RegionCharts::new(view.observation);
    let raw = data::blocks(view, &table)?;
    Ok(html! {
        (DOCTYPE)
        html lang="en" {
            (head(view))
            body {
                a .skip href="#findings" { "Skip to the findings" }
                (banner(view))
                (contents(view.report, &table, &maps))
                main {
                    (summary::section(view))
                    (finding::section(view))
                    (regions::section(&maps))
                    (timeline::section(view))
                    (sites::section(&table))
                    (coverage::section(view))
                }
                footer {
                    p {
                        "teeleak " (env!("CARGO_PKG_VERSION")) " · "
                        "this page is self-contained and makes no network requests"
                    }
                }
                (raw)
                script { (PreEscaped(policy::SCRIPT)) }
            }
        }
    })
}

fn head(view: &ReportView<'_>) -> Markup {
    let verdict = labels::verdict(view.report.conclusion);
    html! {
        head {
            meta charset="utf-8";
            meta http-equiv="Content-Security-Policy" content=(policy::policy());
            meta name="viewport" content="width=device-width, initial-scale=1";
            meta name="color-scheme" content="light dark";
            meta name="referrer" content="no-referrer";
            title { "teeleak: " (verdict) ", " (headline(view.report)) }
            style { (PreEscaped(policy::STYLE)) }
        }
    }
}

fn banner(view: &ReportView<'_>) -> Markup {
    let conclusion = view.report.conclusion;
    let (class, mark) = match conclusion {
        Conclusion::Clean => ("good", "✓"),
        Conclusion::Leak | Conclusion::Order => ("bad", "✕"),
        Conclusion::Inconclusive => ("warn", "?"),
    };
    html! {
        header .banner {
            p .brand { "teeleak" }
            h1 {
                span class={ "verdict " (class) } {
                    span aria-hidden="true" { (mark) " " }
                    (labels::verdict(conclusion))
                }
                " " (headline(view.report))
            }
            p .scope { (scope(view.observation)) " · exit code " (conclusion.code()) }
            div .tools hidden {
                button type="button" data-do="theme" { "Toggle theme" }
                button type="button" data-do="report" { "Save report.json" }
                button type="button" data-do="series" { "Save series.json" }
            }
        }
    }
}

fn contents(report: &Report, table: &SiteTable<'_>, maps: &RegionCharts<'_>) -> Markup {
    let entries = [
        ("summary", "Summary", None),
        ("findings", "Findings", Some(report.stories().count())),
        ("regions", "Regions", Some(maps.len())),
        ("timeline", "Timeline", None),
        ("sites", "Sites", Some(table.len())),
        ("coverage", "Coverage", None),
    ];
    html! {
        nav aria-label="Sections" {
            ul {
                @for (id, name, count) in entries {
                    li {
                        a href={ "#" (id) } {
                            (name)
                            @if let Some(count) = count { " " span .n { (count) } }
                        }
                    }
                }
            }
        }
    }
}
