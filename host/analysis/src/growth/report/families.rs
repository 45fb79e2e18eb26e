//! Sites that grow alike, by who wanted the allocations.
//!
//! With names each function is a family. Without them the sites of one bug are recognized by where
//! their call stacks meet, the innermost place first, by how near to each other the calls below that
//! place are, and by that no bug has one site from two places.

use std::collections::BTreeMap;

use super::group::JudgedSite;
use crate::growth::wanted::Wanter;

/// Most sites without names that are compared with each other.
const COMPARED_SITES: usize = 256;

/// Splits sites that grow alike into families that may have one cause.
pub(super) fn families(sites: Vec<JudgedSite>) -> Vec<Vec<JudgedSite>> {
    let mut by_function: BTreeMap<Wanter, Vec<JudgedSite>> = BTreeMap::new();
    let (mut unnamed, mut unknown) = (Vec::new(), Vec::new());
    for site in sites {
        match &site.site.key.wanter {
            Wanter::Unknown => unknown.push(site),
            Wanter::Stack(_) => unnamed.push(site),
            Wanter::Function(..) => {
                by_function.entry(site.site.key.wanter.clone()).or_default().push(site);
            }
        }
    }
    let mut families: Vec<_> = by_function.into_values().collect();
    families.extend(by_stack(unnamed));
    // Sites without a call stack are no evidence for a second cause.
    match families.as_mut_slice() {
        [only] => only.extend(unknown),
        _ if unknown.is_empty() => {}
        _ => families.push(unknown),
    }
    families
}

/// Families of sites with call stacks without names.
fn by_stack(sites: Vec<JudgedSite>) -> Vec<Vec<JudgedSite>> {
    if sites.is_empty() {
        return Vec::new();
    }
    let has_rivals = (1..sites.len()).any(|n| sites[..n].iter().any(|a| are_rivals(a, &sites[n])));
    if sites.len() > COMPARED_SITES || !has_rivals {
        return vec![sites];
    }
    let mut links = links(&sites);
    links.sort_unstable();
    let mut families: Vec<Vec<JudgedSite>> = sites.into_iter().map(|site| vec![site]).collect();
    let mut family_of: Vec<_> = (0..families.len()).collect();
    for Link { a, b, .. } in links {
        let (to, from) = (family_of[a], family_of[b]);
        let is_split = |a: &JudgedSite| families[from].iter().any(|b| are_rivals(a, b));
        if to == from || families[to].iter().any(is_split) {
            continue;
        }
        let moved = std::mem::take(&mut families[from]);
        families[to].extend(moved);
        family_of.iter_mut().filter(|family| **family == from).for_each(|family| *family = to);
    }
    families.retain(|family| !family.is_empty());
    families
}

/// Whether they are one site from two places.
fn are_rivals(a: &JudgedSite, b: &JudgedSite) -> bool {
    let (a, b) = (&a.site.key, &b.site.key);
    (&a.file, a.line, a.size) == (&b.file, b.line, b.size) && a.wanter != b.wanter
}

/// Two sites whose call stacks meet.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Link {
    meeting: Meeting,
    a: usize,
    b: usize,
}

/// Where two call stacks meet.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Meeting {
    /// Levels below, in both.
    levels: usize,
    /// Distance of the calls below, in bytes: those in one function are near each other.
    gap: u64,
}

fn links(sites: &[JudgedSite]) -> Vec<Link> {
    let pairs = (0..sites.len()).flat_map(|b| (0..b).map(move |a| (a, b)));
    let link = |(a, b): (usize, usize)| {
        let (Wanter::Stack(one), Wanter::Stack(other)) =
            (&sites[a].site.key.wanter, &sites[b].site.key.wanter)
        else {
            return None;
        };
        let meeting = meeting(one.addresses(), other.addresses())?;
        Some(Link { meeting, a, b })
    };
    pairs.filter_map(link).collect()
}

/// The innermost return address that both have above the allocator's caller.
fn meeting(a: &[u64], b: &[u64]) -> Option<Meeting> {
    let meetings = (1..a.len()).filter_map(|at| {
        let other = (1..b.len()).find(|other| b[*other] == a[at])?;
        let gap = a[at - 1].abs_diff(b[other - 1]);
        Some(Meeting { levels: at + other, gap })
    });
    meetings.min()
}
