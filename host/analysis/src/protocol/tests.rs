//! Protocol files: parsing and error messages.

use teeleak_proto::bind::{BindAction, BindScope, KeySource};

use super::{Pack, Protocol};
use crate::mistake::Mistake;

#[test]
fn packs_have_no_mistakes() {
    for pack in Pack::ALL {
        let protocols = Protocol::read(pack.name, pack.text);
        assert!(protocols.is_ok_and(|all| all.len() == 1), "{}", pack.name);
    }
}

#[test]
fn file_order_and_parents_are_kept() {
    let text = r#"
        [protocol.p]
        ta = "d96a5b40-e2c7-b1af-8794-1002a5d5c61b"
        resource.inner = { parent = "outer", scope = "global" }
        resource.outer = { max_held = 2 }
        step.z = { acquire = "outer", invoke = 9, key = "value 3.b" }
        step.a = { release = "inner", invoke = 8, key = "wide 1", parent_key = "one" }
        step.b = { acquire = "inner", invoke = 7, key = ["value 0.a", "value 0.b"], parent_key = "session" }
    "#;
    let protocol = Protocol::read("p.toml", text).unwrap().remove(0);
    let names: Vec<_> = protocol.resources.iter().map(|resource| &*resource.name).collect();
    assert_eq!(names, ["outer", "inner"]);
    let names: Vec<_> = protocol.steps.iter().map(|step| &*step.name).collect();
    assert_eq!(names, ["z", "a", "b"]);
    let bound = protocol.bind().unwrap();
    assert_eq!(bound.resources[0].max_held, 2);
    assert_eq!(bound.resources[1].parent, Some(0));
    assert_eq!(bound.steps[0].key, KeySource::Value(7));
    assert_eq!(bound.steps[1].action, BindAction::Release);
    assert_eq!((bound.steps[2].cmd, bound.steps[2].scope), (7, BindScope::Global));
    assert_eq!(bound.steps[2].key, KeySource::Pair(0, 1));
    assert_eq!(bound.steps[2].parent, KeySource::Session);
}

#[test]
fn ledger_refuses_what_it_cannot_do() {
    let pack = Pack::find("dma-buf").unwrap();
    let protocol = Protocol::read(pack.name, pack.text).unwrap().remove(0);
    let error = protocol.bind().unwrap_err().to_string();
    assert_eq!(error, "the TA's ledger can't check `dma-buf`: `dma_heap_alloc` needs the process");
}

/// All mistakes of a protocol with these resources and steps, each with its hint.
fn mistakes(lines: &str) -> String {
    let text = format!("[protocol.p]\n{lines}");
    let mistakes = Protocol::read("p.toml", &text).unwrap_err();
    let hint = |mistake: &Mistake| mistake.hint.clone().unwrap_or_default();
    mistakes.iter().map(|mistake| format!("{mistake}\n{}\n", hint(mistake))).collect()
}

#[test]
fn mistake_has_place_and_hint() {
    let text = "[protocol.p]\nresource.channel = {}\n\
                step.open = { acquire = \"chanel\", invoke = 0, ta = \"any\", key = \"one\" }";
    let mistakes = Protocol::read("p.toml", text).unwrap_err();
    assert_eq!(mistakes[0].to_string(), "p.toml:3:25: unknown resource `chanel`");
    assert_eq!(&text[mistakes[0].span.clone()], "\"chanel\"");
    assert_eq!(mistakes[0].hint.as_deref(), Some("did you mean `channel`?"));
}

#[test]
fn every_mistake_is_reported() {
    let cases = [
        ("step.s = { acquire = \"r\", key = \"one\" }", "missing field `resource`"),
        ("resource.r = { scope = \"galaxy\" }\nstep = {}", "unknown variant `galaxy`"),
        (
            "resource.r = { parent = \"r\" }\nstep.s = { acquire = \"r\", key = \"one\", parent_key = \"one\" }",
            "is its own parent",
        ),
        ("resource.r = {}\nstep.s = { key = \"one\" }", "has none of `acquire`, `use`, `release`"),
        (
            "resource.r = {}\nstep.s = { acquire = \"r\", use = \"r\", key = \"one\" }",
            "has more than one of",
        ),
        ("resource.r = {}\nstep.s = { acquire = \"r\", invoke = 1, key = \"one\" }", "but no `ta`"),
        ("resource.r = {}\nstep.s = { acquire = \"r\", on = \"opne\" }", "did you mean `open`?"),
        ("resource.r = {}\nstep.s = { acquire = \"r\", key = \"value 4.a\" }", "expected a key"),
        ("resource.r = {}\nstep.s = { acquire = \"r\", key = 3 }", "a key such as"),
        ("resource.r = {}\nstep.s = { acquire = \"r\" }", "has no key"),
        (
            "resource.r = {}\nstep.s = { acquire = \"r\", key = \"one\", parent_key = \"one\" }",
            "has no parent",
        ),
        ("resource.r = {}\nstep.s = { release = \"r\", key = \"one\" }", "no step acquires `r`"),
        (
            "resource.r = {}\nstep.s = { acquire = \"r\", ta = \"x\", invoke = 1, key = \"one\" }",
            "expected a UUID, found `x`",
        ),
        ("resource.r = {}\nstep.s = { acquire = \"r\", colour = 1 }", "unknown field `colour`"),
        (
            "resource.r = { }\nresource.c = { parent = \"r\" }\nstep.s = { acquire = \"c\", key = \"one\" }",
            "has no `parent_key` for its r",
        ),
        (
            "resource.r = {}\nstep.s = { acquire = \"r\", key = \"one\", ignore_flags = 1 }",
            "only regions have flags",
        ),
    ];
    for (lines, expected) in cases {
        let text = mistakes(lines);
        assert!(text.contains(expected), "{lines}\n{text}");
    }
}
