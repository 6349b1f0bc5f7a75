//! Secrets: where they come from, what stands in for them, and how they are taken out again.
//!
//! A value is resolved when it is first needed, once per run, and from then on every [`Redactor`]
//! knows it. It is in no error, no debug output and no record.

mod error;
mod redactor;
mod source;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fmt;
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use baton_core::tool::{SecretDefinition, SecretSource};
use tokio::sync::OnceCell;

pub use error::{SecretError, SecretProblem};
pub use redactor::{Redacted, Redactor};

/// Characters that a secret must have. A shorter one would be found in every other text, so it could
/// not be taken out again.
pub const SECRET_CHARACTERS_MIN: usize = 8;

/// Bytes that a secret may have.
pub const SECRET_BYTES_MAX: usize = 64 << 10;

/// The secrets of a run.
pub struct Secrets {
    definitions: BTreeMap<String, SecretDefinition>,
    placeholders: BTreeMap<String, String>,
    /// What resolving brought. It is not tried twice: a command may ask a person.
    values: BTreeMap<String, OnceCell<Result<Arc<str>, SecretError>>>,
    keys: BTreeMap<String, Key>,
    known: Mutex<Known>,
}

/// The key of a provider.
struct Key {
    from: SecretSource,
    value: OnceCell<Arc<str>>,
}

impl Key {
    fn new(from: SecretSource) -> Self {
        Self { from, value: OnceCell::new() }
    }
}

/// The values so far, and what finds them.
#[derive(Default)]
struct Known {
    values: BTreeMap<String, Arc<str>>,
    redactor: Redactor,
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Secrets").field("definitions", &self.definitions).finish_non_exhaustive()
    }
}

impl Secrets {
    /// The secrets of a run. Resolves nothing.
    #[must_use]
    pub fn new(definitions: BTreeMap<String, SecretDefinition>) -> Self {
        let of_names = |name: &String| (name.clone(), placeholder(name));
        Self {
            placeholders: definitions.keys().map(of_names).collect(),
            values: definitions.keys().map(|name| (name.clone(), OnceCell::new())).collect(),
            definitions,
            keys: BTreeMap::new(),
            known: Mutex::default(),
        }
    }

    /// The same with keys of model providers, by the name of the provider. No guest is given one, and
    /// like every secret they are taken out of what comes back.
    #[must_use]
    pub fn with_keys(mut self, keys: BTreeMap<String, SecretSource>) -> Self {
        self.keys = keys.into_iter().map(|(name, from)| (name, Key::new(from))).collect();
        self
    }

    /// The key of a provider. Asked for until its source brings one, and never again.
    ///
    /// # Errors
    /// When the provider has none, its source does not bring one, or what it brings cannot be kept
    /// secret.
    pub async fn key(&self, provider: &str) -> Result<Arc<str>, SecretError> {
        let name = format!("key of {provider}");
        let Some(key) = self.keys.get(provider) else {
            return Err(SecretError::new(&name, SecretProblem::Unknown));
        };
        let resolve = async {
            let resolved = source::resolve(&key.from).await;
            let resolved = resolved.map_err(|problem| SecretError::new(&name, problem))?;
            self.learn(&name, Arc::clone(&resolved));
            Ok::<_, SecretError>(resolved)
        };
        key.value.get_or_try_init(|| resolve).await.map(Arc::clone)
    }

    /// Gets to know every secret whose source asks nobody, so that it is taken out also where it was
    /// read from somewhere else before anything needed it. One that cannot be had is left out.
    pub async fn learn_quiet(&self) {
        for (name, definition) in &self.definitions {
            if !matches!(definition.from, SecretSource::Command(_)) {
                // Whoever needs it is told what is wrong.
                let _ = self.get(name).await;
            }
        }
    }

    /// What was defined.
    #[must_use]
    pub fn definitions(&self) -> &BTreeMap<String, SecretDefinition> {
        &self.definitions
    }

    /// The value of a secret.
    ///
    /// # Errors
    /// When there is no such secret, its source does not bring one, or what it brings cannot be kept
    /// secret.
    pub async fn get(&self, name: &str) -> Result<Arc<str>, SecretError> {
        let unknown = || SecretError::new(name, SecretProblem::Unknown);
        let definition = self.definitions.get(name).ok_or_else(unknown)?;
        let cell = self.values.get(name).ok_or_else(unknown)?;
        let resolve = async {
            let value = source::resolve(&definition.from)
                .await
                .map_err(|problem| SecretError::new(name, problem))?;
            // Before anybody can use it, everybody can take it out.
            self.learn(name, Arc::clone(&value));
            Ok(value)
        };
        cell.get_or_init(|| resolve).await.clone()
    }

    /// What a guest holds in the place of a secret: a text of its own for every run, which can be in a
    /// header.
    #[must_use]
    pub fn placeholder(&self, name: &str) -> String {
        self.placeholders.get(name).cloned().unwrap_or_default()
    }

    /// Takes out every value that was resolved so far.
    #[must_use]
    pub fn redactor(&self) -> Redactor {
        self.known().redactor.clone()
    }

    /// What people should know about where secrets come from, such as files that everybody can read.
    #[must_use]
    pub fn warnings(&self) -> Vec<String> {
        let open_file = |(name, definition): (&String, &SecretDefinition)| match &definition.from {
            SecretSource::File(path) if source::is_open_to_all(path) => Some(format!(
                "everybody on this machine can read {path}, which holds the secret `{name}`"
            )),
            _ => None,
        };
        self.definitions.iter().filter_map(open_file).collect()
    }

    fn learn(&self, name: &str, value: Arc<str>) {
        let mut known = self.known();
        known.values.insert(name.to_owned(), value);
        let secrets = known.values.iter();
        let with_placeholder = |(name, value): (&String, &Arc<str>)| {
            // A key has no stand-in, and an empty one would be found everywhere.
            let stand_in = self.placeholders.get(name).cloned();
            (name.clone(), Arc::clone(value), stand_in.unwrap_or_else(|| placeholder(name)))
        };
        known.redactor = Redactor::new(secrets.map(with_placeholder));
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A stand-in: letters, digits and dashes, and no other text is like it.
fn placeholder(name: &str) -> String {
    let plain = |letter: char| {
        if letter.is_ascii_alphanumeric() { letter.to_ascii_lowercase() } else { '-' }
    };
    let name: String = name.chars().map(plain).collect();
    format!("baton-secret-{name}-{:016x}{:016x}", random(), random())
}

/// A number that differs between calls and processes.
fn random() -> u64 {
    RandomState::new().build_hasher().finish()
}
