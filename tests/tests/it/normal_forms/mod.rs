//! `teeleak analyze` on each form in which memory of the normal world is printed: what one look shows, what is no
//! leak, and what grows.
//!
//! The texts of `fixtures/normal-world/forms` are made in the form that the kernel and its tools print; names of
//! drivers and programs are invented. Each has a golden; the essential points are asserted besides.

mod failures;
mod holders;
mod one_look;
mod pasted;
mod series;
mod stories;
mod undecided;

use teeleak::Exit;
use teeleak_tests::{golden, teeleak};

use crate::support::fixture;

/// A text, what it leads to, what the answer must say, and what it must never say.
struct Form {
    name: &'static str,
    exit: Exit,
    says: &'static [&'static str],
    never: &'static [&'static str],
}

/// The answer on a text, without the path of its folder.
fn answer(arguments: &[&str], exit: Exit) -> String {
    let folder = fixture("normal-world/forms/");
    let answer = teeleak(&[&["analyze"], arguments].concat());
    let out = answer.out.replace(&folder, "");
    assert_eq!(answer.exit, exit, "{arguments:?}\n{out}\n{}", answer.err);
    out
}

fn compare(form: &Form) {
    let path = fixture(&format!("normal-world/forms/{}", form.name));
    let out = answer(&["-v", &path], form.exit);
    for text in form.says {
        assert!(out.contains(text), "{}: {text}\n--- is not in\n{out}", form.name);
    }
    for text in form.never {
        assert!(!out.contains(text), "{}: {text}\n--- is in\n{out}", form.name);
    }
    let name = form.name.trim_end_matches(".txt").replace('/', "-");
    golden(&format!("normal-forms/{name}.txt"), &out);
}

fn compare_all(forms: &[Form]) {
    forms.iter().for_each(compare);
}

const fn form(
    name: &'static str,
    exit: Exit,
    says: &'static [&'static str],
    never: &'static [&'static str],
) -> Form {
    Form { name, exit, says, never }
}
