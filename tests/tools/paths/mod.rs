//! Ways out of a granted directory: beginnings × endings × everything that can be done with a path,
//! for tools and for the files of workflows, with `openat2` and without it.
//!
//! The outside is judged after every act: nothing in it may have changed, and nothing of it may have
//! been told. The same judge must find a resolver that trusts paths.

mod canary;
mod grants;
mod judge;
mod modes;
mod tool;
mod workflow;
mod yard;

use judge::Escape;
use yard::Layout;

/// What paths begin with: links of the yard that lead out, and ways to say the same without them.
const BEGINNINGS: [&str; 16] = [
    "out",
    "out-slash",
    "out-absolute",
    "out-file",
    "magic",
    "parent",
    "parent-slash",
    "itself",
    "chain",
    "through",
    "..",
    "sub/../..",
    "/",
    "./..",
    "../../..",
    "/proc/self/root",
];

/// What they end with.
const ENDINGS: [&str; 17] = [
    "",
    "/",
    "//",
    "/.",
    "/./",
    "/../outside",
    "/../outside/secret.txt",
    "/outside",
    "/outside/",
    "/secret.txt",
    "/secret.txt/",
    "/vault",
    "/vault/",
    "/new",
    "/new/",
    "/..",
    "/../",
];

fn corpus() -> Vec<String> {
    let ends = |beginning: &'static str| ENDINGS.map(|ending| format!("{beginning}{ending}"));
    BEGINNINGS.into_iter().flat_map(ends).collect()
}

#[test]
fn no_path_leads_a_tool_out() {
    let escapes: Vec<Escape> = std::thread::scope(|scope| {
        let layouts = Layout::ALL.map(|layout| scope.spawn(move || tool::attack(layout)));
        layouts.into_iter().flat_map(|attack| attack.join().unwrap()).collect()
    });
    assert!(escapes.is_empty(), "{} escapes: {escapes:#?}", escapes.len());
}

#[test]
fn no_path_leads_a_workflow_out() {
    let escapes: Vec<Escape> = Layout::ALL.into_iter().flat_map(workflow::attack).collect();
    assert!(escapes.is_empty(), "{} escapes: {escapes:#?}", escapes.len());
}

#[test]
fn no_path_leads_a_guest_with_files_out() {
    let escapes = workflow::attack_as_guest();
    assert!(escapes.is_empty(), "{} escapes: {escapes:#?}", escapes.len());
}

#[test]
fn a_resolver_that_trusts_paths_is_found() {
    for layout in Layout::ALL {
        let found = canary::attack(layout);
        for (what, at_least) in
            [("content", 20), ("size", 5), ("name", 5), ("changed", 20), ("link", 2), ("place", 5)]
        {
            let count = found.iter().filter(|escape| escape.what == what).count();
            assert!(count >= at_least, "{layout:?}: {what} was found {count} times");
        }
    }
}

#[test]
fn the_same_holds_where_openat2_is_missing() {
    modes::without_openat2(&[
        "paths::no_path_leads_a_tool_out",
        "paths::no_path_leads_a_workflow_out",
        "paths::no_path_leads_a_guest_with_files_out",
        "paths::a_resolver_that_trusts_paths_is_found",
    ]);
}
