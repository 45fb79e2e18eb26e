//! Sites that grow alike, by who wanted the allocations.
//!
//! With names each function is a family. Without them the sites of one bug are recognized by the
//! return addresses that their call stacks share further out, the innermost first, and by that no
//! bug has one site from two places.

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
    for (_, a, b) in links {
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

/// Pairs of sites whose call stacks share a return address, with the number of levels below it.
fn links(sites: &[JudgedSite]) -> Vec<(usize, usize, usize)> {
    let pairs = (0..sites.len()).flat_map(|b| (0..b).map(move |a| (a, b)));
    let link = |(a, b): (usize, usize)| Some((shared(&sites[a], &sites[b])?, a, b));
    pairs.filter_map(link).collect()
}

/// Levels below the innermost return address that both call stacks have above the allocator's caller.
fn shared(a: &JudgedSite, b: &JudgedSite) -> Option<usize> {
    let (Wanter::Stack(a), Wanter::Stack(b)) = (&a.site.key.wanter, &b.site.key.wanter) else {
        return None;
    };
    let levels = |(n, address): (usize, &u64)| {
        let at = b.addresses().iter().skip(1).position(|other| other == address)?;
        Some(n + at)
    };
    a.addresses().iter().skip(1).enumerate().filter_map(levels).min()
}
