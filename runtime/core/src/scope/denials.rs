//! What is taken away from a run that has begun.

use serde::{Deserialize, Serialize};

use super::authority::Authority;
use super::exec::ArgvPattern;
use super::http::HttpRule;
use super::names::NameScope;
use super::paths::{GlobLayer, PathScope};
use super::{Scope, ToolScope, name_matches};

/// Patterns of what nobody in a run may touch any more, by capability. They can only be added to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Denials {
    /// Glob patterns of files that are not read. Nor are they written: what may be written may be read.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub read: Vec<String>,
    /// Glob patterns of files that are not written.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub write: Vec<String>,
    /// Requests that are not sent.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub http: Vec<HttpRule>,
    /// Names of environment variables that are not seen.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub env: Vec<String>,
    /// Names of secrets that are put into nothing.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub secrets: Vec<String>,
    /// Commands that are not run.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub exec: Vec<ArgvPattern>,
    /// Full names of tools that are not called.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tools: Vec<String>,
}

impl Denials {
    /// Whether they take nothing away.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Whether all of others are among them.
    #[must_use]
    pub fn hold(&self, others: &Self) -> bool {
        let mut all = self.clone();
        all.add(others);
        all == *self
    }

    /// Adds others, each once.
    pub fn add(&mut self, more: &Self) {
        add(&mut self.read, &more.read);
        add(&mut self.write, &more.write);
        add(&mut self.http, &more.http);
        add(&mut self.env, &more.env);
        add(&mut self.secrets, &more.secrets);
        add(&mut self.exec, &more.exec);
        add(&mut self.tools, &more.tools);
    }

    /// What of these is new to a run that has `has` and whose agents that work by themselves have
    /// `workers`: neither denied `already`, nor never granted, nor left out of the grant itself.
    #[must_use]
    pub fn beyond(&self, already: &Self, has: &Scope, workers: &Authority) -> Self {
        let within = has.tools.as_ref().map(|tools| &tools.within);
        let authorities = [within, Some(workers)];
        let all = |open: &dyn Fn(&Authority) -> bool| authorities.into_iter().flatten().any(open);
        let new = |patterns: &[String], already: &[String], open: &dyn Fn(&String) -> bool| {
            let kept = patterns.iter().filter(|text| !already.contains(text) && open(text));
            kept.cloned().collect()
        };
        let file = |scope: &Option<PathScope>, text: &String| {
            let excludes =
                |layer: &GlobLayer| layer.unless.is_empty() && layer.exclude.contains(text);
            scope.as_ref().is_some_and(|scope| !scope.layers.iter().any(excludes))
        };
        let name = |scope: &Option<NameScope>, text: &String| {
            scope.as_ref().is_some_and(|scope| !scope.except.contains(text))
        };
        Self {
            read: new(&self.read, &already.read, &|text| {
                file(&has.read, text) || all(&|own| file(&own.read, text) || file(&own.write, text))
            }),
            write: new(&self.write, &already.write, &|text| all(&|own| file(&own.write, text))),
            env: new(&self.env, &already.env, &|text| all(&|own| name(&own.env, text))),
            secrets: new(&self.secrets, &already.secrets, &|text| {
                all(&|own| name(&own.secrets, text))
            }),
            tools: new(&self.tools, &already.tools, &|text| {
                name(&has.tools.as_ref().map(|tools| tools.names.clone()), text)
            }),
            http: kept(&self.http, &already.http, |rule| {
                all(&|own| own.http.as_ref().is_some_and(|http| !http.except.contains(rule)))
            }),
            exec: kept(&self.exec, &already.exec, |argv| {
                all(&|own| own.exec.as_ref().is_some_and(|exec| !exec.except.contains(argv)))
            }),
        }
    }

    /// Whether a tool of this full name is not called any more.
    #[must_use]
    pub fn takes_tool(&self, name: &str) -> bool {
        self.tools.iter().any(|pattern| name_matches(pattern, name))
    }

    /// Whether a secret of this name is put into nothing any more.
    #[must_use]
    pub fn takes_secret(&self, name: &str) -> bool {
        self.secrets.iter().any(|pattern| name_matches(pattern, name))
    }

    /// The patterns for people, such as `exec=git push **`.
    #[must_use]
    pub fn words(&self) -> Vec<String> {
        let Self { read, write, http, env, secrets, exec, tools } = self;
        let texts = [("read", read), ("write", write), ("env", env), ("secrets", secrets)];
        let texts = texts.into_iter().chain([("tools", tools)]);
        texts
            .flat_map(|(name, list)| list.iter().map(move |text| format!("{name}={text}")))
            .chain(http.iter().map(|rule| format!("http={rule}")))
            .chain(exec.iter().map(|argv| format!("exec={argv}")))
            .collect()
    }
}

impl Authority {
    /// What is left of it.
    #[must_use]
    pub fn denied(mut self, denials: &Denials) -> Self {
        if denials.is_empty() {
            return self;
        }
        self.read = self.read.map(|own| own.denied(&denials.read));
        self.write = self.write.map(|own| own.denied(&denials.read).denied(&denials.write));
        self.env = self.env.map(|own| own.denied(&denials.env));
        self.secrets = self.secrets.map(|own| own.denied(&denials.secrets));
        if let Some(http) = &mut self.http {
            add(&mut http.except, &denials.http);
        }
        if let Some(exec) = &mut self.exec {
            add(&mut exec.except, &denials.exec);
        }
        self
    }
}

impl Scope {
    /// What is left of it.
    #[must_use]
    pub fn denied(mut self, denials: &Denials) -> Self {
        self.read = self.read.map(|own| own.denied(&denials.read));
        self.tools = self.tools.map(|own| own.denied(denials));
        self
    }
}

impl ToolScope {
    /// What is left of it.
    #[must_use]
    pub fn denied(self, denials: &Denials) -> Self {
        Self { names: self.names.denied(&denials.tools), within: self.within.denied(denials) }
    }
}

impl PathScope {
    fn denied(mut self, exclude: &[String]) -> Self {
        if !exclude.is_empty() {
            // A layer of its own: what a grant names in spite of an exclusion is denied all the same.
            self.layers.push(GlobLayer { exclude: exclude.to_vec(), ..GlobLayer::default() });
        }
        self
    }
}

impl NameScope {
    fn denied(mut self, except: &[String]) -> Self {
        add(&mut self.except, except);
        self
    }
}

fn add<T: Clone + PartialEq>(mine: &mut Vec<T>, more: &[T]) {
    for one in more {
        if !mine.contains(one) {
            mine.push(one.clone());
        }
    }
}

fn kept<T: Clone + PartialEq>(all: &[T], already: &[T], open: impl Fn(&T) -> bool) -> Vec<T> {
    all.iter().filter(|one| !already.contains(one) && open(one)).cloned().collect()
}
