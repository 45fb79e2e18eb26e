//! The page: head, banner, sections and footer.

use std::io;

use maud::{DOCTYPE, Markup, PreEscaped, html};
use teeleak_analysis::audit::Exit;

use super::{
    coverage, data, finding, policy,
    regions::{self, Maps},
    sites::{self, Table},
    summary::{self, Ordered},
    timeline,
};
use crate::render::{
    text::report::{headline, scope},
    view::ReportView,
    words,
};

/// The whole page.
pub(super) fn page(told: &ReportView<'_>) -> io::Result<Markup> {
    let ordered = Ordered::new(told.report);
    let table = Table::new(told.observation, &ordered);
    let maps = Maps::new(told.observation);
    let raw = data::blocks(told, &table)?;
    Ok(html! {
        (DOCTYPE)
        html lang="en" {
            (head(told))
            body {
                a .skip href="#findings" { "Skip to the findings" }
                (banner(told))
                (contents(&ordered, &table, &maps))
                main {
                    (summary::section(told, &ordered))
                    (finding::section(told, &ordered))
                    (regions::section(&maps))
                    (timeline::section(told.observation, &ordered))
                    (sites::section(&table))
                    (coverage::section(told))
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

fn head(told: &ReportView<'_>) -> Markup {
    let verdict = words::verdict(told.report.exit);
    html! {
        head {
            meta charset="utf-8";
            meta http-equiv="Content-Security-Policy" content=(policy::policy());
            meta name="viewport" content="width=device-width, initial-scale=1";
            meta name="color-scheme" content="light dark";
            meta name="referrer" content="no-referrer";
            title { "teeleak: " (verdict) ", " (headline(told.report)) }
            style { (PreEscaped(policy::STYLE)) }
        }
    }
}

fn banner(told: &ReportView<'_>) -> Markup {
    let exit = told.report.exit;
    let (class, mark) = match exit {
        Exit::Clean => ("good", "✓"),
        Exit::Leak | Exit::Order => ("bad", "✕"),
        Exit::Unobserved => ("warn", "?"),
    };
    html! {
        header .banner {
            p .brand { "teeleak" }
            h1 {
                span class={ "verdict " (class) } {
                    span aria-hidden="true" { (mark) " " }
                    (words::verdict(exit))
                }
                " " (headline(told.report))
            }
            p .scope { (scope(told.observation)) " · exit code " (exit.code()) }
            div .tools hidden {
                button type="button" data-do="theme" { "Toggle theme" }
                button type="button" data-do="report" { "Save report.json" }
                button type="button" data-do="series" { "Save series.json" }
            }
        }
    }
}

fn contents(ordered: &Ordered<'_>, table: &Table<'_>, maps: &Maps<'_>) -> Markup {
    let entries = [
        ("summary", "Summary", None),
        ("findings", "Findings", Some(ordered.told.len())),
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
