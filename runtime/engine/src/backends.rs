//! From the name of a backend to what performs its tasks.

use std::collections::BTreeMap;
use std::sync::Arc;

use baton_agents::backend::{Backend, Guidance, Skill};
use baton_agents::ladder::{Check, Rung};
use baton_agents::{Backends, Supervisor};
use baton_core::backend::COMPONENT;
use baton_core::digest::Digest;
use baton_core::handoff::{Failure, FailureKind};
use baton_core::limits::Limits;
use baton_core::model::Models;
use baton_core::record::Program;
use baton_core::spec::{AgentSpec, LadderCheck};
use baton_host::files::Root;
use baton_tools::secrets::Secrets;

use crate::instances::Loader;
use crate::providers::Providers;

/// Who performs an agent task.
pub(crate) struct Workers {
    /// The steps of its ladder, or the one backend it has.
    pub rungs: Vec<Rung>,
    /// What a step must pass beside the schema.
    pub check: Option<Check>,
    /// Whether it has a ladder.
    pub ladder: bool,
}

impl Workers {
    /// Whether what they do can change files of the granted directory.
    pub(crate) fn can_write(&self) -> bool {
        self.rungs.iter().any(|rung| rung.backend.can_write())
    }
}

/// What backends are made of.
pub(crate) struct BackendParts {
    pub program: Program,
    pub models: Models,
    /// Programs that are started in place of those that agents are on record with.
    pub programs: BTreeMap<String, String>,
    pub root: Option<Arc<Root>>,
    pub loader: Loader,
    pub supervisor: Supervisor,
    pub providers: Arc<Providers>,
    pub secrets: Arc<Secrets>,
    pub limits: Arc<Limits>,
    /// Files of certificates that servers may be trusted by, beside those that everybody knows.
    pub certificates: Vec<String>,
}

/// The backends of one run, made when they are first needed.
pub(crate) struct RunBackends {
    parts: BackendParts,
    known: Backends,
    made: BTreeMap<String, Result<Arc<dyn Backend>, Failure>>,
    guidance: Option<Arc<Guidance>>,
    certificates: Option<Vec<Vec<u8>>>,
}

impl RunBackends {
    pub(crate) fn new(parts: BackendParts) -> Self {
        let host = Arc::clone(&parts.loader.host);
        let known = Backends::new(host, parts.supervisor.clone(), parts.root.clone());
        Self { parts, known, made: BTreeMap::new(), guidance: None, certificates: None }
    }

    /// Who performs a task, or why it fails.
    pub(crate) async fn workers(
        &mut self,
        backend: &str,
        spec: &AgentSpec,
    ) -> Result<Workers, Failure> {
        let Some(ladder) = &spec.options.ladder else {
            let rungs = vec![self.rung(backend).await?];
            return Ok(Workers { rungs, check: None, ladder: false });
        };
        let mut rungs = Vec::new();
        for rung in &ladder.rungs {
            rungs.push(self.rung(rung).await?);
        }
        let check = match &ladder.check {
            None => None,
            Some(LadderCheck::Tool { name, input }) => {
                Some(Check::Tool { name: name.clone(), input: input.clone() })
            }
            Some(LadderCheck::Challenger { model, prompt }) => {
                let rung = self.rung(model).await?;
                Some(Check::Challenger { rung, prompt: prompt.clone() })
            }
        };
        Ok(Workers { rungs, check, ladder: true })
    }

    /// Whose outages stop a backend, once it was made.
    pub(crate) fn provider(&self, backend: &str) -> Option<&str> {
        self.made.get(backend)?.as_ref().ok().map(|made| made.provider())
    }

    async fn rung(&mut self, name: &str) -> Result<Rung, Failure> {
        let backend = self.get(name).await?;
        let models = &self.parts.models;
        let model = models.split(name).map(|(p, m)| (p.to_owned(), m.to_owned()));
        Ok(Rung { backend, model, price: models.price(name).copied() })
    }

    /// The backend of this name, or why its tasks fail.
    async fn get(&mut self, name: &str) -> Result<Arc<dyn Backend>, Failure> {
        if let Some(made) = self.made.get(name) {
            return made.clone();
        }
        let made = self.make(name).await;
        self.made.insert(name.to_owned(), made.clone());
        made
    }

    async fn make(&mut self, name: &str) -> Result<Arc<dyn Backend>, Failure> {
        let fail = |code: &str, message: String| Failure::new(FailureKind::Failed, code, message);
        if self.parts.models.split(name).is_some() {
            let certificates = self.certificates().await?;
            let parts = &self.parts;
            let (root, secrets) = (parts.root.clone(), &parts.secrets);
            let backend = parts.providers.backend(
                name,
                &parts.models,
                secrets,
                &certificates,
                &parts.limits,
                root,
            )?;
            return Ok(Arc::new(backend));
        }
        // Components are loaded when they are first named: a run may never need some of its own.
        if let Some(component) = name.strip_prefix(COMPONENT)
            && let Some(digest) = self.parts.program.agents.get(component)
        {
            let guest = self.parts.loader.load(digest).await.map_err(|error| {
                fail("component", format!("the component `{component}` does not load: {error}"))
            })?;
            self.known.add_component(component, guest);
        }
        let name = self.parts.programs.get(name).map_or(name, String::as_str);
        self.known.resolve(name).map_err(|error| fail("unknown-backend", error.to_string()))
    }

    async fn certificates(&mut self) -> Result<Vec<Vec<u8>>, Failure> {
        if let Some(known) = &self.certificates {
            return Ok(known.clone());
        }
        let mut read = Vec::new();
        for path in &self.parts.certificates {
            read.push(tokio::fs::read(path).await.map_err(|error| {
                let message = format!("the certificates in {path} cannot be read: {error}");
                Failure::new(FailureKind::Failed, "certificates", message)
            })?);
        }
        self.certificates = Some(read.clone());
        Ok(read)
    }

    /// The texts that model agents are offered, read from the store once.
    pub(crate) async fn guidance(&mut self) -> Result<Arc<Guidance>, Failure> {
        if let Some(guidance) = &self.guidance {
            return Ok(Arc::clone(guidance));
        }
        let mut guidance = Guidance::default();
        for (path, text) in &self.parts.program.instructions {
            guidance.instructions.push((path.clone(), self.text(text).await?));
        }
        for (name, part) in &self.parts.program.skills {
            let skill =
                Skill { description: part.description.clone(), text: self.text(&part.text).await? };
            guidance.skills.insert(name.clone(), skill);
        }
        Ok(Arc::clone(self.guidance.insert(Arc::new(guidance))))
    }

    async fn text(&self, digest: &Digest) -> Result<Arc<str>, Failure> {
        let internal = |message: String| Failure::new(FailureKind::Internal, "guidance", message);
        let bytes = self.parts.loader.journal.blob(digest).await;
        let bytes = bytes.map_err(|error| internal(error.to_string()))?;
        let text = std::str::from_utf8(&bytes).map_err(|error| internal(error.to_string()))?;
        Ok(text.into())
    }
}
