//! `host/docs/messages.md` is what the catalogue says. `BLESS=1` rewrites it.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::fmt::Write as _;

use teeleak_analysis::{catalogue::Catalogue, text};

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/messages.md");

const HEAD: &str = "\
# What teeleak understands

Besides dumps, region maps, sessions and statistics, `teeleak analyze` knows the messages below: what happened, which resource it is
about, which option or size decides, and what to do next. A result code in a line, such as `0xffff000c`, is read wherever it stands; its
origin (1 client library, 2 driver, 3 TEE core, 4 TA) says whose memory it was. An error line of the secure world that no message
explains is shown with its count and first place, and written to `--rejected`. [Writing a pack](writing-a-pack.md) adds messages.

This page is made from `host/analysis/messages`; `cargo xtask bless` writes it anew.
";

#[test]
fn the_page_of_messages_is_what_the_catalogue_says() {
    let page = page();
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(PAGE, &page).unwrap();
    }
    let written = std::fs::read_to_string(PAGE).unwrap_or_default();
    assert!(written == page, "host/docs/messages.md is stale: BLESS=1 rewrites it");
}

fn page() -> String {
    let mut page = HEAD.to_owned();
    let mut component = String::new();
    for (pattern, meaning) in Catalogue::built_in().meanings() {
        if *meaning.component != *component {
            component = meaning.component.to_string();
            let heading = component[..1].to_uppercase() + &component[1..];
            let table = "| pattern | what happened | about | what decides | next |\n| --- | --- | --- | --- | --- |";
            write!(page, "\n## {heading}\n\n{table}\n").unwrap();
        }
        let cells = [
            format!("`{pattern}`"),
            meaning.means.to_string(),
            text::resources(&meaning.resources),
            meaning.option.as_deref().unwrap_or_default().into(),
            meaning.next.as_deref().unwrap_or_default().into(),
        ];
        let cells = cells.map(|cell| cell.replace('|', "\\|"));
        writeln!(page, "| {} |", cells.join(" | ")).unwrap();
    }
    page
}
