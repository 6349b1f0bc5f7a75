//! Names that may be used: tools, environment variables, secrets.

use serde::{Deserialize, Serialize};

/// Names in layers of patterns: a name must match a pattern of every layer, and none of the
/// exceptions. `*` stands for any characters.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NameScope {
    /// The layers, widest first. A layer without patterns lets nothing pass.
    pub layers: Vec<Vec<String>>,
    /// What is taken away, whatever the layers let pass.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub except: Vec<String>,
}

impl NameScope {
    /// One layer.
    #[must_use]
    pub fn of(patterns: &[String]) -> Self {
        Self { layers: vec![patterns.to_vec()], except: Vec::new() }
    }

    /// Whether every layer lets a name pass, and nothing takes it away.
    #[must_use]
    pub fn allows(&self, name: &str) -> bool {
        let passes = |layer: &Vec<String>| layer.iter().any(|pattern| name_matches(pattern, name));
        self.layers.iter().all(passes) && !passes(&self.except)
    }

    /// The same with one more layer, if there is one.
    #[must_use]
    pub fn narrowed(mut self, patterns: Option<&[String]>) -> Self {
        self.layers.extend(patterns.map(<[String]>::to_vec));
        self
    }

    /// What both let pass.
    #[must_use]
    pub fn intersect(&self, other: &Self) -> Self {
        Self {
            layers: merged(&self.layers, &other.layers),
            except: merged(&self.except, &other.except),
        }
    }
}

/// The layers of both, each once.
pub(super) fn merged<T: Clone + PartialEq>(mine: &[T], theirs: &[T]) -> Vec<T> {
    let mut layers = mine.to_vec();
    for layer in theirs {
        if !layers.contains(layer) {
            layers.push(layer.clone());
        }
    }
    layers
}

/// Whether a name matches a pattern in which `*` stands for any characters, also none. Linear in
/// the product of their lengths at the worst.
#[must_use]
pub fn name_matches(pattern: &str, name: &str) -> bool {
    let (pattern, name) = (pattern.as_bytes(), name.as_bytes());
    let (mut at, mut in_name) = (0, 0);
    // Where the last `*` stands, and how much of the name it has taken.
    let mut star: Option<(usize, usize)> = None;
    while in_name < name.len() {
        match pattern.get(at) {
            Some(b'*') => {
                star = Some((at, in_name));
                at += 1;
            }
            Some(byte) if Some(byte) == name.get(in_name) => {
                at += 1;
                in_name += 1;
            }
            _ => {
                let Some((position, taken)) = star else { return false };
                star = Some((position, taken + 1));
                at = position + 1;
                in_name = taken + 1;
            }
        }
    }
    pattern.get(at..).unwrap_or_default().iter().all(|byte| *byte == b'*')
}

/// Whether there may be a name that both patterns match, as far as is cheap to know.
#[must_use]
pub fn names_meet(one: &str, other: &str) -> bool {
    let until_star = |pattern: &str| pattern.find('*').unwrap_or(pattern.len());
    match (one.contains('*'), other.contains('*')) {
        (false, _) => name_matches(other, one),
        (true, false) => name_matches(one, other),
        (true, true) => {
            // Their fixed beginnings must not contradict each other.
            let fixed = until_star(one).min(until_star(other));
            one.as_bytes().get(..fixed) == other.as_bytes().get(..fixed)
        }
    }
}
