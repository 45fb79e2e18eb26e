//! Evidence of a finding other than plots and sequences.

use maud::{Markup, html};
use teeleak_analysis::{
    birthplace,
    model::{Evidence, Figure, Finding, Subject},
    text,
};

use crate::render::view::finding::{level, subject, value};

/// Members shown unfolded.
const MEMBERS: usize = 4;

/// Sentences and locations.
pub(super) fn sentences(finding: &Finding) -> Markup {
    let sentence = |evidence: &Evidence| match evidence {
        Evidence::Text(text) | Evidence::Outstanding(text) => Some(html! { (text) }),
        Evidence::At(at) => Some(html! { "shown at " code { (text::place(at)) } }),
        _ => None,
    };
    let sentences = finding.evidence.iter().filter_map(sentence);
    let made = finding.birthplaces().iter().map(birthplace::sentence);
    let made = made.map(|sentence| html! { "made in " (sentence) });
    let sentences: Vec<_> = made.chain(sentences).collect();
    html! {
        @if !sentences.is_empty() {
            h4 { "Evidence" }
            ul .evidence { @for sentence in sentences { li { (sentence) } } }
        }
    }
}

/// The call stack of the allocations.
pub(super) fn call_stack(finding: &Finding) -> Markup {
    let frames = finding.evidence.iter().find_map(|evidence| match evidence {
        Evidence::CallStack(frames) => Some(frames),
        _ => None,
    });
    html! {
        @if let Some(frames) = frames {
            h4 { "Call stack" }
            ol .members {
                @for frame in frames {
                    li { code { (level(frame)) } }
                }
            }
        }
    }
}

/// The subjects that grow together with this one.
pub(super) fn members(finding: &Finding) -> Markup {
    let member = |evidence| match evidence {
        Evidence::Member(subject, figures) => Some((subject, figures)),
        _ => None,
    };
    let members: Vec<(Subject, Vec<Figure>)> =
        finding.evidence.iter().cloned().filter_map(member).collect();
    let (shown, more) = members.split_at(members.len().min(MEMBERS));
    html! {
        @if !shown.is_empty() {
            h4 { "Grows together with" }
            (list(shown))
            @if !more.is_empty() {
                details {
                    summary { (more.len()) " more" }
                    (list(more))
                }
            }
        }
    }
}

fn list(members: &[(Subject, Vec<Figure>)]) -> Markup {
    html! {
        ul .members {
            @for (about, figures) in members {
                li {
                    code { (subject(about)) }
                    " " span .dim { (figures.iter().map(value).collect::<Vec<_>>().join(", ")) }
                }
            }
        }
    }
}

/// The figures of a finding.
pub(super) fn figures(finding: &Finding) -> Markup {
    html! {
        dl .figures {
            @for alike in finding.figures.chunk_by(|a, b| a.kind == b.kind) {
                div {
                    dt { (alike[0].name()) }
                    dd { @for one in alike { span { (value(one)) } } }
                }
            }
        }
    }
}
