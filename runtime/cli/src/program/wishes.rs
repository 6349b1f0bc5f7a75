//! What a program asks for: its root workflow and those that it runs.

use baton_core::manifest::Requests;
use baton_core::scope::GlobLayer;

/// The requests of a root workflow, with what nested ones need to call their tools. Where the root
/// calls tools and says what they may touch at the most, that holds for all.
#[must_use]
pub fn of_program<'a>(root: &Requests, nested: impl Iterator<Item = &'a Requests>) -> Requests {
    let calls = |requests: &&Requests| !requests.tools.is_empty() || !requests.exec.is_empty();
    let callers: Vec<&Requests> = nested.filter(calls).collect();
    if callers.is_empty() {
        return root.clone();
    }
    let mut merged = root.clone();
    for caller in &callers {
        add(&mut merged.tools, &caller.tools);
        add(&mut merged.exec, &caller.exec);
    }
    if calls(&root) {
        return merged;
    }
    merged.write = layers(&callers);
    merged.http = union(&callers, |requests| &requests.http);
    merged.env = union(&callers, |requests| &requests.env);
    merged.secrets = union(&callers, |requests| &requests.secrets);
    merged
}

fn add(to: &mut Vec<String>, more: &[String]) {
    for pattern in more {
        if !to.contains(pattern) {
            to.push(pattern.clone());
        }
    }
}

/// All that is named; nothing where somebody names nothing, which means whatever a tool asks for.
fn union(all: &[&Requests], of: impl Fn(&Requests) -> &Vec<String>) -> Vec<String> {
    let mut merged = Vec::new();
    for requests in all {
        if of(requests).is_empty() {
            return Vec::new();
        }
        add(&mut merged, of(requests));
    }
    merged
}

/// The same of files. A layer that excludes something is no list: then nothing is said.
fn layers(all: &[&Requests]) -> Option<GlobLayer> {
    let mut include = Vec::new();
    for requests in all {
        let layer = requests.write.as_ref()?;
        if layer.include.is_empty() || !layer.exclude.is_empty() {
            return (all.len() == 1).then(|| layer.clone());
        }
        add(&mut include, &layer.include);
    }
    Some(GlobLayer { include, ..GlobLayer::default() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn requests(tools: &[&str], http: &[&str], exec: &[&str]) -> Requests {
        let owned = |texts: &[&str]| texts.iter().map(ToString::to_string).collect();
        Requests {
            tools: owned(tools),
            http: owned(http),
            exec: owned(exec),
            ..Requests::default()
        }
    }

    #[test]
    fn nested_workflows_ask_through_their_root() {
        let nothing = requests(&[], &[], &[]);
        let one = requests(&["git/*"], &["https://a"], &[]);
        let other = requests(&["code/*"], &["https://b"], &["ls"]);
        let open = requests(&["x/y"], &[], &[]);
        for (root, nested, expected) in [
            (&nothing, vec![&nothing], nothing.clone()),
            (&nothing, vec![&one], one.clone()),
            (
                &nothing,
                vec![&one, &other],
                requests(&["git/*", "code/*"], &["https://a", "https://b"], &["ls"]),
            ),
            (&nothing, vec![&one, &open], requests(&["git/*", "x/y"], &[], &[])),
            (&one, vec![&other], requests(&["git/*", "code/*"], &["https://a"], &["ls"])),
            (&open, vec![&one], requests(&["x/y", "git/*"], &[], &[])),
        ] {
            assert_eq!(of_program(root, nested.into_iter()), expected);
        }
    }
}
