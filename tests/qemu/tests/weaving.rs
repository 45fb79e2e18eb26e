//! What `ta/pta/port.py` does to C that nobody formatted for it.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops at the first surprise")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

const TABLE: &str = r#"{
    "marker": "mark",
    "lines": [{"file": "core/sub.mk", "line": "srcs-y += x.c"}],
    "hooks": [
        {"hint": "say why", "one_of": [
            {"struct": "box", "files": ["core/a.c"]}
        ]},
        {"hint": "say why", "one_of": [
            {"function": "fill", "files": ["core/a.c", "core/b.c"],
             "signatures": {"int (struct box *, int)": ""}}
        ]}
    ],
    "ends": [{"header": "a", "files": ["core/a.c"], "fact": "A", "needs": ["box"], "hint": "say why"}]
}"#;

const BEFORE: &str = "#include <kernel/leak_audit_weave/fill.h> /* mark */";
const IN_STRUCT: &str = "#include <kernel/leak_audit_weave/box.h> /* mark */";
const AT_END: &str = "#include <kernel/leak_audit_weave/a.h> /* mark */";

/// Parts of a source file, each with what is woven into it: lines as they are, and woven ones.
const FILL: [&str; 5] = [
    "int fill(struct box *b, int n)\n{\n\tif (n) {\n\t\treturn 1;\n\t}\n\treturn 0;\n}\n",
    "static inline int\nfill(struct box *b,\n     int n) {\n\treturn b->n; }\n",
    "int __weak fill(struct box *b __unused, int n) { return n; }\n",
    "int fill(struct box * b, int n)\n{\n#ifdef X\n\tif (n) {\n#else\n\t{\n#endif\n\t}\n\treturn '}' + \"{\"[0];\n}\n",
    "int fill(struct box *b, int n)\n/* a remark { */\n{\n\treturn 0; // }\n}\n",
];
const BOX: [&str; 3] = [
    "struct box {\n\tint n;\n@};\n",
    "struct box {\n\tstruct { int a; } in;\n\tint n; /* } */\n@} __packed;\n",
    "struct box\n{\n\tint n;\n@};\n",
];
/// What has the names, and is no definition of them.
const OTHER: [&str; 8] = [
    "int fill(struct box *b, int n);\n",
    "/*\n * int fill(struct box *b, int n)\n * {\n */\n",
    "static const char *text = \"int fill(struct box *b, int n) {\";\n",
    "#define CALL(b) \\\n\tfill(b, 1); {\n",
    "static int other(struct box *b)\n{\n\treturn fill(b, 1);\n}\n",
    "static int (*pointer)(struct box *b, int n) = fill;\n",
    "struct box *make(void) { return 0; }\n",
    "KEEP(fill)\n",
];

struct Tree {
    dir: tempfile::TempDir,
}

impl Tree {
    fn new(a: &str) -> Self {
        let tree = Self { dir: tempfile::tempdir().unwrap() };
        tree.write("pta/port/hooks.json", TABLE);
        tree.write("pta/core/include/mark.h", "/* the teeleak authors */\n");
        tree.write("tree/mk/config.mk", "");
        tree.write("tree/core/sub.mk", "subdirs-y += mm\n");
        tree.write("tree/core/a.c", a);
        tree
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        fs::create_dir_all(self.path(name).parent().unwrap()).unwrap();
        fs::write(self.path(name), text).unwrap();
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    fn weave(&self, options: &[&str]) -> Output {
        let mut weaver = teeleak_qemu::weaver();
        weaver.arg(self.path("tree")).arg("--pta").arg(self.path("pta")).args(options);
        weaver.output().unwrap()
    }

    fn woven(&self) -> String {
        let output = self.weave(&[]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        self.read("tree/core/a.c")
    }

    /// What it says when it refuses, having changed nothing.
    fn refused(&self) -> String {
        let before = files(&self.path("tree"));
        let output = self.weave(&[]);
        assert_eq!(output.status.code(), Some(3));
        assert_eq!(files(&self.path("tree")), before);
        String::from_utf8(output.stderr).unwrap()
    }
}

fn files(dir: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    let mut folders = vec![dir.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.push((path.clone(), fs::read(&path).unwrap()));
            }
        }
    }
    found.sort();
    found
}

fn plain(part: &str) -> String {
    part.replace('@', "")
}

/// The part as it shall be woven.
fn expected(part: &str) -> String {
    if FILL.contains(&part) {
        return format!("{BEFORE}\n{part}{BEFORE}\n");
    }
    part.replace('@', &format!("{IN_STRUCT}\n"))
}

#[test]
fn parts_in_any_order_are_woven_each_as_it_is() {
    let mut state = 7_usize;
    let mut next = |n: usize| {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % n
    };
    for _ in 0..60 {
        let mut parts: Vec<&str> = (0..5).map(|_| OTHER[next(OTHER.len())]).collect();
        parts.insert(next(6), BOX[next(BOX.len())]);
        parts.insert(next(7), FILL[next(FILL.len())]);
        // A call of a macro belongs to what follows, if that is a function.
        parts.retain(|part| !part.starts_with("KEEP"));
        let text: String = parts.iter().map(|part| plain(part)).collect();
        let tree = Tree::new(&text);
        let wanted: String = parts.iter().map(|part| expected(part)).collect();
        assert_eq!(tree.woven(), format!("{wanted}{AT_END}\n"), "{text}");
        assert!(tree.weave(&["--revert"]).status.success());
        assert_eq!(tree.read("tree/core/a.c"), text);
    }
}

fn simple() -> String {
    plain(BOX[0]) + FILL[0]
}

#[test]
fn a_macro_call_before_a_function_stays_outside() {
    let tree = Tree::new(&format!("{}KEEP(fill)\n{}", plain(BOX[0]), FILL[0]));
    let wanted = format!("KEEP(fill)\n{BEFORE}\nint fill(");
    assert!(tree.woven().contains(&wanted), "{}", tree.woven());
}

#[test]
fn each_definition_under_a_switch_is_woven() {
    let tree = Tree::new(&format!("{}#if X\n{}#else\n{}#endif\n", plain(BOX[0]), FILL[0], FILL[2]));
    assert_eq!(tree.woven().matches(BEFORE).count(), 4);
}

#[test]
fn weaving_twice_changes_nothing_and_reverting_leaves_the_tree_as_it_was() {
    for text in [simple(), simple().replace('\n', "\r\n"), simple().trim_end().to_owned()] {
        let tree = Tree::new(&text);
        let before = files(&tree.path("tree"));
        let once = tree.woven();
        assert_eq!(once.contains("\r\n"), text.contains("\r\n"));
        assert_eq!(once.lines().count(), text.lines().count() + 4);
        assert!(String::from_utf8(tree.weave(&[]).stdout).unwrap().ends_with("0 files changed\n"));
        assert_eq!(tree.woven(), once);
        assert!(tree.weave(&["--revert"]).status.success());
        assert_eq!(files(&tree.path("tree")), before);
    }
}

#[test]
fn a_check_says_what_would_change_and_changes_nothing() {
    let tree = Tree::new(&simple());
    let before = files(&tree.path("tree"));
    let output = tree.weave(&["--check"]);
    let said = String::from_utf8(output.stdout).unwrap();
    for part in ["weave core/a.c", "weave core/sub.mk", "copy core/include/mark.h", "3 files would"]
    {
        assert!(said.contains(part), "{said}");
    }
    assert_eq!(files(&tree.path("tree")), before);
}

#[test]
fn a_function_that_was_renamed_is_refused_by_its_name() {
    let tree = Tree::new(&simple().replace("int fill", "int vendor_fill"));
    let said = tree.refused();
    assert!(said.contains("no function fill: looked for it in core/a.c, core/b.c"), "{said}");
    assert!(said.contains("say why") && said.contains("nothing was changed"), "{said}");
}

#[test]
fn a_function_that_was_moved_is_named_with_its_new_place() {
    let tree = Tree::new(&plain(BOX[0]));
    tree.write("tree/core/vendor/c.c", FILL[1]);
    let said = tree.refused();
    assert!(said.contains("there is one in core/vendor/c.c"), "{said}");
    assert!(said.contains("port/hooks.json"), "{said}");
}

/// What was copied into the tree defines functions of the same names.
#[test]
fn what_wraps_a_function_is_no_place_that_it_was_moved_to() {
    let tree = Tree::new(&simple());
    tree.write("pta/core/include/fill.h", FILL[0]);
    let woven = tree.woven();
    tree.write("tree/core/a.c", &woven.replace("int fill(", "int vendor_fill("));
    let said = tree.refused();
    assert!(said.contains("no function fill") && !said.contains("fill.h"), "{said}");
}

#[test]
fn another_signature_is_refused_and_shown() {
    let tree = Tree::new(&simple().replace("int n)", "int n, bool wipe)"));
    let said = tree.refused();
    assert!(said.contains("int (struct box *, int, bool)"), "{said}");
}

#[test]
fn a_definition_without_lines_of_its_own_is_refused() {
    for text in [
        simple().replace("};\nint", "}; int"),
        simple().replace("int fill", "#if X\nint\n#else\nlong\n#endif\nfill"),
        simple().replace("int n;\n}", "int n; }"),
    ] {
        let said = Tree::new(&text).refused();
        assert!(said.contains("cannot be woven"), "{said}");
    }
}

#[test]
fn a_tree_with_hooks_of_another_kind_is_refused() {
    let tree = Tree::new(&format!("{}\n/* a mark of old patches */\n", simple()));
    assert!(tree.refused().contains("start from a tree without them"));
}

#[test]
fn a_file_of_the_tree_is_not_overwritten() {
    let tree = Tree::new(&simple());
    tree.write("tree/core/include/mark.h", "/* the vendor's */\n");
    assert!(tree.refused().contains("core/include/mark.h"));
}

#[test]
fn what_is_no_tree_is_refused() {
    let tree = Tree::new(&simple());
    fs::remove_file(tree.path("tree/mk/config.mk")).unwrap();
    assert!(tree.refused().contains("no optee_os tree"));
}
