//! What becomes of a request: granted, by whom, or refused, and what would grant it.

use baton_core::scope::Capability;
use serde::Serialize;

use super::{Pattern, Place, Policy, Rule, Source};

/// Whether something that is asked for is granted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// It is.
    Granted,
    /// A part of it is.
    Partly,
    /// Nothing of it is.
    Refused,
}

/// What becomes of one request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Judged {
    /// Of what kind.
    pub capability: Capability,
    /// What is asked for.
    pub asked: String,
    /// Whether it is granted.
    pub verdict: Verdict,
    /// What is granted of it, where that is only a part.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub within: Vec<String>,
    /// Who granted it, or who denied or narrowed what is refused.
    pub by: Vec<Place>,
    /// What is taken away of it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub except: Vec<String>,
    /// What would grant it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

/// What else a request is held to, beside the grants.
#[derive(Clone, Debug, Default)]
pub struct Bounds {
    /// Rules of which one must let it pass, for each list.
    pub layers: Vec<Vec<Rule>>,
}

impl Bounds {
    /// What policy leaves to a provider of tools, and what the workflow that calls them asks for.
    #[must_use]
    pub fn of(policy: &Policy, provider: &str, workflow: &[Rule], capability: Capability) -> Self {
        let narrowing = policy.plugin(provider).iter().flat_map(|plugin| &plugin.narrowing);
        let mut layers: Vec<Vec<Rule>> =
            narrowing.filter(|(of, _)| *of == capability).map(|(_, rules)| rules.clone()).collect();
        let own: Vec<Rule> =
            workflow.iter().filter(|rule| rule.capability == capability).cloned().collect();
        if !own.is_empty() {
            layers.push(own);
        }
        Self { layers }
    }
}

/// What becomes of a request under policy. `root`: whether a directory is granted.
#[must_use]
pub fn judge(
    policy: &Policy,
    root: bool,
    bounds: &Bounds,
    capability: Capability,
    asked: &Pattern,
) -> Judged {
    let granted = policy.granted(capability, root);
    let mut judged = Judged {
        capability,
        asked: asked.to_string(),
        verdict: Verdict::Granted,
        within: Vec::new(),
        by: Vec::new(),
        except: Vec::new(),
        hint: None,
    };
    let denies = || policy.denied(capability).chain(also_denied(policy, capability));
    if let Some(rule) = denies().find(|rule| rule.pattern.covers(asked)) {
        judged.verdict = Verdict::Refused;
        judged.by = vec![rule.place.clone()];
        judged.hint = Some(format!("{} takes `{}` away", rule.place.text, rule.pattern));
        return judged;
    }
    for (index, layer) in std::iter::once(&granted).chain(&bounds.layers).enumerate() {
        let covering = layer.iter().find(|rule| rule.pattern.covers(asked));
        let meeting: Vec<&Rule> = layer.iter().filter(|rule| rule.pattern.meets(asked)).collect();
        if let Some(rule) = covering {
            if index == 0 {
                judged.by = vec![rule.place.clone()];
            }
        } else if meeting.is_empty() {
            judged.verdict = Verdict::Refused;
            judged.within.clear();
            judged.by = layer.iter().take(1).map(|rule| rule.place.clone()).collect();
            judged.hint = Some(refusal(index, layer, capability, root, &judged.asked));
            if index == 0 {
                judged.by.clear();
            }
            return judged;
        } else {
            judged.verdict = Verdict::Partly;
            judged.within = meeting.iter().map(|rule| rule.pattern.to_string()).collect();
            judged.by.extend(meeting.iter().map(|rule| rule.place.clone()));
            if index == 0 {
                judged.hint = Some(grant_flag(capability, &judged.asked));
            }
        }
    }
    judged.by.dedup();
    let taken = denies().filter(|rule| rule.pattern.meets(asked));
    judged.except = taken.map(|rule| rule.pattern.to_string()).collect();
    if capability == Capability::Env {
        let secret = |name: &&String| asked.meets(&Pattern::Name((*name).clone()));
        judged.except.extend(policy.variables_of_secrets().filter(secret).cloned());
    }
    if let Pattern::Glob(glob) = asked
        && super::grant::is_secret(glob)
        && !granted.iter().any(|rule| names_secret(rule, asked))
    {
        judged.verdict = Verdict::Refused;
        judged.by.clear();
        judged.within.clear();
        judged.except.clear();
        judged.hint = Some(format!(
            "it usually holds secrets and must be named: {}",
            grant_flag(capability, &judged.asked)
        ));
    }
    judged
}

/// A denial of reading is one of writing too.
fn also_denied(policy: &Policy, capability: Capability) -> impl Iterator<Item = &Rule> {
    let writing = capability == Capability::Write;
    policy.denied(Capability::Read).filter(move |_| writing)
}

/// Whether a grant names a secret that is asked for, and not only everything.
fn names_secret(rule: &Rule, asked: &Pattern) -> bool {
    matches!(&rule.pattern, Pattern::Glob(glob) if super::grant::is_secret(glob))
        && (rule.pattern.covers(asked) || rule.pattern.meets(asked))
}

fn refusal(
    index: usize,
    layer: &[Rule],
    capability: Capability,
    root: bool,
    asked: &str,
) -> String {
    let place = layer.first().map(|rule| &rule.place);
    match (index, place) {
        (0, _) if matches!(capability, Capability::Read | Capability::Write) && !root => {
            let grant = match capability {
                Capability::Write => format!(", {}", grant_flag(capability, asked)),
                _ => String::new(),
            };
            format!("no directory was granted: --root DIR{grant}")
        }
        (0, _) => grant_flag(capability, asked),
        (_, Some(Place { source: Source::Workflow, .. })) => {
            "the workflow that calls it asks for less".into()
        }
        (_, Some(place)) => format!("{} narrows it", place.text),
        (_, None) => "policy leaves nothing of it".into(),
    }
}

/// The flag that would grant it.
#[must_use]
pub fn grant_flag(capability: Capability, asked: &str) -> String {
    let pair = format!("{}={asked}", capability.as_str());
    format!("--grant {}", shell_words::quote(&pair))
}
