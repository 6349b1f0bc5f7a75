//! Policy as the scope that a run is held to.

use baton_core::scope::{
    ArgvPattern, Authority, Capability, Denials, ExecScope, GlobLayer, HttpRule, HttpScope,
    NameScope, PathScope, SECRET_PATTERNS, Scope, ToolScope,
};

use super::steering::{GUARDED, NEVER};
use super::{Pattern, Policy, Rule};

impl Policy {
    /// The most that anything may touch.
    #[must_use]
    pub fn scope(&self, root: bool) -> Scope {
        let tools = self.granted(Capability::Tools, root);
        let names = (!tools.is_empty()).then(|| NameScope {
            layers: vec![texts(&tools)],
            except: self.denied(Capability::Tools).map(|rule| rule.pattern.to_string()).collect(),
        });
        let within = self.authority(root);
        Scope {
            read: within.read.clone(),
            agents: true,
            workflows: true,
            tools: names.map(|names| ToolScope { names, within }),
        }
    }

    /// What is denied, rule by rule, each with the place that says so.
    pub fn denials(&self) -> impl Iterator<Item = (String, Denials)> {
        self.denies.iter().map(|rule| (rule.place.text.clone(), rule.denial()))
    }

    /// The most that any tool may touch.
    #[must_use]
    pub fn authority(&self, root: bool) -> Authority {
        let names = |capability| {
            let granted = self.granted(capability, root);
            (!granted.is_empty()).then(|| NameScope {
                layers: vec![texts(&granted)],
                except: self.denied(capability).map(|rule| rule.pattern.to_string()).collect(),
            })
        };
        let http = self.granted(Capability::Http, root);
        let exec = self.granted(Capability::Exec, root);
        Authority {
            read: self.files(Capability::Read, root),
            write: self.files(Capability::Write, root),
            http: (!http.is_empty()).then(|| HttpScope {
                layers: vec![http.iter().filter_map(http_rule).collect()],
                except: self.denied(Capability::Http).filter_map(http_rule).collect(),
            }),
            env: names(Capability::Env).map(|mut env| {
                env.except.extend(self.variables_of_secrets().cloned());
                env
            }),
            secrets: names(Capability::Secrets),
            exec: (!exec.is_empty()).then(|| ExecScope {
                layers: vec![exec.iter().filter_map(argv).collect()],
                except: self.denied(Capability::Exec).filter_map(argv).collect(),
            }),
        }
    }

    /// The most that the tools of one provider may touch.
    #[must_use]
    pub fn authority_of(&self, provider: &str, root: bool) -> Authority {
        let mut own = self.authority(root);
        for (capability, rules) in self.plugin(provider).iter().flat_map(|p| &p.narrowing) {
            match capability {
                Capability::Read => {
                    own.read = own.read.and_then(|read| read.narrowed(&texts(rules)))
                }
                Capability::Write => {
                    own.write = own.write.and_then(|write| write.narrowed(&texts(rules)));
                }
                Capability::Http => {
                    // Which of them may be private is said by the grant.
                    let layer = rules.iter().filter_map(http_rule).map(HttpRule::with_private);
                    let layer: Vec<HttpRule> = layer.collect();
                    own.http.iter_mut().for_each(|http| http.layers.push(layer.clone()));
                }
                Capability::Env => own.env = own.env.map(|env| env.narrowed(Some(&texts(rules)))),
                Capability::Secrets => {
                    own.secrets = own.secrets.map(|own| own.narrowed(Some(&texts(rules))));
                }
                Capability::Exec => {
                    let layer: Vec<ArgvPattern> = rules.iter().filter_map(argv).collect();
                    own.exec.iter_mut().for_each(|exec| exec.layers.push(layer.clone()));
                }
                Capability::Tools | Capability::Agents | Capability::Workflows => {}
            }
        }
        own
    }

    /// Files that may be touched in one way. None that usually hold secrets, unless a grant names
    /// them.
    fn files(&self, capability: Capability, root: bool) -> Option<PathScope> {
        let granted = self.granted(capability, root);
        if granted.is_empty() {
            return None;
        }
        let all = granted.iter().any(|rule| rule.pattern == Pattern::Glob("**".into()));
        let include = if all { Vec::new() } else { texts(&granted) };
        let mut kept = GlobLayer::no_secrets();
        if capability == Capability::Write {
            kept.exclude.extend(GUARDED.iter().map(ToString::to_string));
        }
        let named = |pattern: &&String| kept.exclude.iter().any(|secret| names_it(secret, pattern));
        let unless: Vec<String> = texts(&granted).iter().filter(named).cloned().collect();
        let mut layers = vec![GlobLayer { unless, ..kept }];
        if !include.is_empty() {
            layers.insert(0, GlobLayer { include, ..GlobLayer::default() });
        }
        // What may be written may be read: a denial of reading is one of writing.
        let mut denied: Vec<String> =
            self.denied(Capability::Read).map(|rule| rule.pattern.to_string()).collect();
        let mut never = Vec::new();
        if capability == Capability::Write {
            denied.extend(self.denied(capability).map(|rule| rule.pattern.to_string()));
            never.extend(NEVER.iter().map(ToString::to_string));
            never.extend(self.guarded.iter().cloned());
        }
        never.extend(self.hidden.iter().cloned());
        for exclude in [denied, never] {
            if !exclude.is_empty() {
                layers.push(GlobLayer { exclude, ..GlobLayer::default() });
            }
        }
        Some(PathScope { layers })
    }
}

/// Whether a pattern is usually one of secrets.
#[must_use]
pub fn is_secret(pattern: &str) -> bool {
    SECRET_PATTERNS.iter().any(|secret| names_it(secret, pattern))
}

/// Whether a grant names what is otherwise excluded: one of its parts is what the excluding pattern
/// is about. `**` names nothing.
fn names_it(excluded: &str, pattern: &str) -> bool {
    let about = excluded.strip_prefix("**/").unwrap_or(excluded);
    let about = about.strip_suffix("/**").unwrap_or(about);
    if about.contains('/') {
        return pattern == about
            || pattern.strip_prefix(about).is_some_and(|rest| rest.starts_with('/'));
    }
    pattern.split('/').any(|part| {
        let wild = part.chars().all(|letter| letter == '*' || letter == '?');
        !wild && baton_core::scope::name_matches(about, &part.to_ascii_lowercase())
    })
}

impl Rule {
    /// What it takes away, if it is one that denies.
    #[must_use]
    pub fn denial(&self) -> Denials {
        let mut denials = Denials::default();
        let text = || vec![self.pattern.to_string()];
        match self.capability {
            Capability::Read => denials.read = text(),
            Capability::Write => denials.write = text(),
            Capability::Http => denials.http.extend(http_rule(self)),
            Capability::Env => denials.env = text(),
            Capability::Secrets => denials.secrets = text(),
            Capability::Exec => denials.exec.extend(argv(self)),
            Capability::Tools => denials.tools = text(),
            // Nothing is denied by patterns of these.
            Capability::Agents | Capability::Workflows => {}
        }
        denials
    }
}

fn texts(rules: &[Rule]) -> Vec<String> {
    rules.iter().map(|rule| rule.pattern.to_string()).collect()
}

fn http_rule(rule: &Rule) -> Option<HttpRule> {
    match &rule.pattern {
        Pattern::Http(rule) => Some(rule.clone()),
        _ => None,
    }
}

fn argv(rule: &Rule) -> Option<ArgvPattern> {
    match &rule.pattern {
        Pattern::Argv(argv) => Some(argv.clone()),
        _ => None,
    }
}
