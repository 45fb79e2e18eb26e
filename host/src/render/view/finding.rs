//! A finding in a few words: its subject, its figures, its evidence on one line.

use teeleak_analysis::{
    model::{
        Evidence, Figure, FigureKind, Finding, FindingKind, Fingerprint, Frame, PoolKind, Subject,
    },
    text,
};

/// Values shown of a long series, half of them from each end.
const VALUES: usize = 12;

/// Rates of a finding: `4 objects per iteration, 160 bytes per iteration`. The title of a pool has its own.
pub(crate) fn rates(finding: &Finding) -> Option<String> {
    let is_rate = |figure: &&Figure| matches!(figure.kind, FigureKind::Growth | FigureKind::Rate);
    let rates: Vec<_> = finding.figures.iter().filter(is_rate).map(value).collect();
    let has_own = finding.kind == FindingKind::PoolGrowth;
    (!rates.is_empty() && !has_own).then(|| rates.join(", "))
}

/// Number of the finding with this fingerprint, from 1.
pub(crate) fn number(fingerprint: &Fingerprint, all: &[&Finding]) -> Option<usize> {
    Some(1 + all.iter().position(|other| other.fingerprint == *fingerprint)?)
}

/// A subject as one line.
pub(crate) fn subject(subject: &Subject) -> String {
    match subject {
        Subject::Site { file, line, size, heap, owner, caller } => {
            let owner = match (heap, owner) {
                (PoolKind::TaHeap(_), _) => format!(", in the {}", heap.label()),
                (_, Some(owner)) => format!(", for {owner}"),
                (_, None) => String::new(),
            };
            let caller = caller.as_ref().map_or(String::new(), |from| format!(", from {from}"));
            format!("{file}:{line}, {} bytes each{owner}{caller}", text::number(*size))
        }
        Subject::Ta(uuid) => format!("TA {uuid}"),
        Subject::Pool(pool) => format!("pool {}", pool.label()),
        Subject::Holding { listing, name, .. } if name.is_empty() => listing.label().to_owned(),
        Subject::Holding { listing, name, .. } => format!("{name} in {}", listing.label()),
        Subject::Resource { protocol, resource } => format!("{resource} of {protocol}"),
    }
}

/// A level of a call stack: `core+0x1000 system_map_zi (core/pta/system.c:154)`.
pub(crate) fn level(frame: &Frame) -> String {
    let functions: Vec<_> = frame.functions.iter().map(text::function).collect();
    format!("core+{:#x} {}", frame.address, functions.join(", inlined into "))
}

/// A figure with its unit and confidence interval.
pub(crate) fn value(figure: &Figure) -> String {
    let interval = figure.interval.map_or(String::new(), |(low, high)| {
        format!(" (95 %: {} to {})", text::decimal(low), text::decimal(high))
    });
    match figure.kind {
        // What is counted is their name.
        FigureKind::Times | FigureKind::FailedAllocations => text::decimal(figure.value),
        _ => format!("{}{interval}", text::quantity(figure.value, figure.unit)),
    }
}

/// First and last values of a series, with the range of iterations.
pub(crate) fn ends(series: &[(u32, f64)]) -> String {
    let (Some((from, _)), Some((to, _))) = (series.first(), series.last()) else {
        return String::new();
    };
    let texts: Vec<_> = series.iter().map(|(_, value)| text::decimal(*value)).collect();
    let values = if texts.len() <= VALUES {
        texts.join(" ")
    } else {
        let (head, tail) = (&texts[..VALUES / 2], &texts[texts.len() - VALUES / 2..]);
        format!("{} ... {}", head.join(" "), tail.join(" "))
    };
    format!("{values} (after iterations {from} to {to})")
}

/// Evidence of a note in one line: the pool's last figures and its values; otherwise the first
/// sentence.
pub(crate) fn proof(finding: &Finding) -> Option<String> {
    let kinds = [FigureKind::InUse, FigureKind::Size, FigureKind::FailedAllocations];
    let figures = finding.figures.iter().filter(|figure| kinds.contains(&figure.kind));
    let mut texts: Vec<_> =
        figures.map(|figure| format!("{} {}", figure.name(), value(figure))).collect();
    texts.extend(finding.evidence.iter().find_map(|evidence| match evidence {
        Evidence::Series(series) => Some(format!("series {}", ends(series))),
        _ => None,
    }));
    if texts.is_empty() {
        texts.extend(finding.evidence.iter().find_map(|evidence| match evidence {
            Evidence::Text(text) | Evidence::Outstanding(text) => Some(text.to_string()),
            Evidence::At(place) => Some(format!("at {}", text::place(place))),
            _ => None,
        }));
    }
    (!texts.is_empty()).then(|| texts.join(", "))
}

#[cfg(test)]
mod tests {
    use super::ends;

    #[test]
    fn long_series_show_their_ends() {
        let series: Vec<_> = (0..20).map(|n| (n, f64::from(n))).collect();
        let shown = "0 1 2 3 4 5 ... 14 15 16 17 18 19 (after iterations 0 to 19)";
        assert_eq!(ends(&series), shown);
    }
}
