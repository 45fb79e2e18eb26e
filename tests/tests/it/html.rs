//! `--html`: the page as a parser of HTML reads it, without a browser.

use std::{collections::BTreeSet, fs, path::PathBuf};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use scraper::{ElementRef, Html, Selector};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use teeleak::Exit;
use teeleak_proto::Uuid;
use teeleak_tests::{Answer, Site, Tee, World, golden, large, teeleak};

use crate::support::{DRM_PLAYER, FOLDER, capture, fixture, folder};

const CAPTURES: [&str; 5] =
    ["leak-session", "close-before-unmap-2", "forget-unmap", "none", "none-2"];

fn scratch(name: &str) -> PathBuf {
    folder("html").join(name)
}

/// Runs with `--html`; gives the page, too.
fn page(name: &str, world: &World, arguments: &[&str]) -> (Answer, String) {
    let path = scratch(&format!("{name}.html"));
    let (command, rest) = arguments.split_first().unwrap();
    let answer = world.run(&[&[*command, "--html", path.to_str().unwrap()], rest].concat());
    (answer, fs::read_to_string(path).unwrap())
}

fn report(name: &str) -> (Answer, String) {
    let capture = capture(name);
    let arguments = ["report", "--json", "--protocol", DRM_PLAYER, &capture];
    page(name, &World::without_tee(), &arguments)
}

fn all<'h>(html: &'h Html, selector: &str) -> Vec<ElementRef<'h>> {
    html.select(&Selector::parse(selector).unwrap()).collect()
}

fn text(of: ElementRef<'_>) -> String {
    of.text().collect()
}

#[test]
fn every_finding_is_in_the_page_with_the_data() {
    for name in CAPTURES {
        let (answer, page) = report(name);
        let report: Value = serde_json::from_str(&answer.out).unwrap();
        let html = Html::parse_document(&page);
        let articles: Vec<_> = all(&html, "article").into_iter().map(text).collect();
        let findings = report["findings"].as_array().unwrap();
        assert_eq!(articles.len(), findings.len(), "{name}");
        for finding in findings {
            let [title, id, next] =
                ["title", "fingerprint", "next"].map(|key| finding[key].as_str().unwrap());
            let has_finding = |article: &&String| article.contains(title) && article.contains(id);
            let article = articles.iter().find(has_finding).unwrap();
            // An effect ends when its cause does.
            assert!(finding["number"].is_null() || article.contains(next), "{next}");
        }
        let data: Value = serde_json::from_str(&text(all(&html, "#data")[0])).unwrap();
        assert_eq!(data, report, "{name}");
        assert!(page.len() < 1 << 20, "{name} has {} bytes", page.len());
    }
}

#[test]
fn what_grows_has_a_picture_with_its_warm_up() {
    let (_, page) = report("close-before-unmap-2");
    let html = Html::parse_document(&page);
    for n in [1, 2] {
        for part in [".dots", ".fit", ".warm", "title", "desc"] {
            let found = all(&html, &format!("#effect-1-{n} .plot {part}"));
            assert_eq!(found.len(), 1, "{part} of effect {n}");
        }
        let drawn = all(&html, &format!("#effect-1-{n} .dots"))[0].attr("d").unwrap();
        // Twenty iterations, the sample before them, and five of before, idle and warm-up.
        assert_eq!(drawn.matches('M').count(), 26);
    }
    let wrong: Vec<_> = all(&html, "#finding-1 .lanes .wrong").into_iter().map(text).collect();
    assert_eq!(wrong, ["close_channel⚠ too early", "unmap⚠ too late"]);
    assert_eq!(all(&html, "#effect-1-4 .lanes .missing").len(), 1);
    assert_eq!(all(&html, "#regions .gained").len(), 2, "the drawing and the legend");
    assert_eq!(all(&html, "#timeline .mark").len(), 3);
}

/// Nothing that the policy would refuse, and nothing from elsewhere.
fn obeys(page: &str) {
    let html = Html::parse_document(page);
    assert_eq!(html.errors, [""; 0]);
    let policy = all(&html, "meta[http-equiv=Content-Security-Policy]")[0];
    let policy = policy.attr("content").unwrap();
    assert!(policy.starts_with("default-src 'none'; style-src 'sha256-"), "{policy}");
    let mut ids = BTreeSet::new();
    for element in all(&html, "*") {
        for (name, value) in element.value().attrs() {
            assert!(name != "style" && !name.starts_with("on"), "{name}={value}");
            assert!(name != "src" && !value.contains("javascript:"), "{name}={value}");
            assert!(name != "href" || value.starts_with('#'), "{name}={value}");
            assert!(name != "id" || ids.insert(value.to_owned()), "id {value} is there twice");
        }
    }
    for attribute in ["aria-labelledby", "href", "for"] {
        for element in all(&html, &format!("[{attribute}]")) {
            let ids_of = element.attr(attribute).unwrap().split(' ');
            for id in ids_of.map(|id| id.trim_start_matches('#')) {
                assert!(ids.contains(id), "{attribute} names {id}");
            }
        }
    }
    let scripts = all(&html, "script");
    assert_eq!(scripts.len(), 3, "data, series, and the script");
    for (kind, element) in [("style", all(&html, "style")[0]), ("script", scripts[2])] {
        let hash = STANDARD.encode(Sha256::digest(text(element)));
        assert!(policy.contains(&format!("{kind}-src 'sha256-{hash}'")), "{kind}");
    }
    let seen = page.chars().find(|letter| letter.is_control() && *letter != '\n');
    assert_eq!(seen, None);
}

#[test]
fn the_page_keeps_to_its_policy() {
    for name in CAPTURES {
        obeys(&report(name).1);
    }
}

/// Markup, quotes, what a terminal obeys, and what turns the direction of writing.
const HOSTILE: &str = "</script><script>x</script><img src=x onerror=x>\"'&\u{1b}[31m\u{202e}\u{7}";

#[test]
fn names_stay_text() {
    let workload = |tee: &mut Tee, epoch| {
        tee.sites.push(Site { file: HOSTILE, line: 7, size: 64, owner: 1, epoch, count: 1 });
    };
    let tee = Tee { workload: Box::new(workload), tas: vec![Uuid([0x42; 16])], ..Tee::default() };
    let (answer, page) =
        page("hostile", &World::with(tee), &["run", "-n", "8", "--json", "--", "true", HOSTILE]);
    obeys(&page);
    let html = Html::parse_document(&page);
    assert!(all(&html, "img").is_empty());
    let shown = HOSTILE
        .replace('\u{1b}', "\\u001b")
        .replace('\u{202e}', "\\u202e")
        .replace('\u{7}', "\\u0007");
    assert!(text(all(&html, ".scope")[0]).contains(&shown));
    assert!(text(all(&html, "#sites-table")[0]).contains("<img src=x"));
    let report: Value = serde_json::from_str(&answer.out).unwrap();
    let data: Value = serde_json::from_str(&text(all(&html, "#data")[0])).unwrap();
    assert_eq!(data, report, "names are what they were");
}

#[test]
fn much_stays_small() {
    let (_, page) = page("large", &large(), &["run", "-n", "20", "--", "true"]);
    assert!(page.len() < 2_000_000, "{} bytes", page.len());
    obeys(&page);
    let html = Html::parse_document(&page);
    let leaking = "core/kernel/assert.c:100";
    assert!(text(all(&html, "#findings")[0]).contains(leaking), "it is found");
    let series: Value = serde_json::from_str(&text(all(&html, "#series")[0])).unwrap();
    assert!(series["events"].as_array().unwrap().len() >= 10_000);
    assert!(all(&html, "#sites-table tbody tr").len() >= 500);
}

#[test]
fn the_same_gives_the_same() {
    assert_eq!(report("forget-unmap").1, report("forget-unmap").1);
}

#[test]
fn a_small_page_is_kept() {
    let trace = fixture("strace/7.2.two-processes-close-before-unmap.strace");
    let (answer, page) =
        page("strace", &World::without_tee(), &["analyze", "--protocol", DRM_PLAYER, &trace]);
    assert_eq!(answer.exit, Exit::Order);
    let mut page = page.replace(FOLDER, "");
    // Style sheet and script are files of their own.
    for (begin, end) in [("<meta http", ">"), ("<style>", "</style>"), ("<script>", "</script>")] {
        let from = page.find(begin).unwrap();
        let to = from + page[from..].find(end).unwrap() + end.len();
        page.replace_range(from..to, "");
    }
    golden("html.two-processes-close-before-unmap.html", &page.replace("><", ">\n<"));
}

#[test]
fn a_page_that_cannot_be_written_is_reported() {
    let capture = capture("none");
    for path in ["/dev/full", "/proc/none/x"] {
        let answer = teeleak(&["report", "--html", path, &capture]);
        assert_eq!(answer.exit, Exit::Usage);
        assert!(answer.err.contains(&format!("cannot write {path}")), "{}", answer.err);
    }
}
