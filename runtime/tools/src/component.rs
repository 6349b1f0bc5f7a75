//! Tools of components, in a fresh instance per call unless some are kept.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use baton_agents::backend::{Answer, BackendError, JobContext, Notice};
use baton_agents::cancelled;
use baton_core::digest::Digest;
use baton_core::handoff::{FailureKind, Outcome, Usage};
use baton_core::scope::Authority;
use baton_host::files::Root;
use baton_host::tool::{GrantedSecret, ToolCall, ToolEnd, ToolGrant, WarmTool};
use baton_host::{Guest, Host};

use crate::certificates::Certificates;
use crate::job::ToolJob;
use crate::secrets::Secrets;
use crate::toolbox::{failed, permanent};

/// Prefix of the variables that hold stand-ins of secrets.
const SECRET_VARIABLE: &str = "BATON_SECRET_";

/// What a kept instance may serve: one component with one grant.
type Fit = (Digest, Digest);

/// Performs tools of components.
pub struct ComponentTools {
    host: Arc<Host>,
    root: Option<Arc<Root>>,
    secrets: Arc<Secrets>,
    certificates: Certificates,
    /// Instances that may be kept, by component.
    warm: BTreeMap<String, u32>,
    kept: Mutex<BTreeMap<Fit, Vec<Warm>>>,
}

/// A kept instance, with where its denials go now.
struct Warm {
    tool: WarmTool,
    listener: Listener,
}

/// Where the denials of an instance go: to the call it works on.
type Listener = Arc<Mutex<Option<tokio::sync::mpsc::UnboundedSender<Notice>>>>;

impl ComponentTools {
    /// For one run: no instance is kept beyond it.
    #[must_use]
    pub fn new(
        host: Arc<Host>,
        root: Option<Arc<Root>>,
        secrets: Arc<Secrets>,
        certificates: Vec<String>,
        warm: BTreeMap<String, u32>,
    ) -> Self {
        let certificates = Certificates::new(certificates);
        Self { host, root, secrets, certificates, warm, kept: Mutex::default() }
    }

    /// Makes one attempt at a call.
    pub async fn call(
        &self,
        component: &str,
        guest: &Arc<Guest>,
        job: &ToolJob,
        context: &JobContext,
    ) -> Answer {
        // The wait for room is the host's doing and does not count as time of the attempt.
        let slot = tokio::select! {
            () = cancelled(context) => return failed(BackendError::Cancelled),
            slot = self.host.slot() => slot,
        };
        let call = ToolCall {
            name: job.tool.clone(),
            input: job.input.clone(),
            traceparent: job.traceparent.clone(),
        };
        let root = match self.root(job).await {
            Ok(root) => root,
            Err(error) => return failed(error),
        };
        // A kept instance has the granted directory open.
        let own_place = root.as_ref().map(|root| root.path()) != self.path();
        let keep = self.warm.get(component).copied().filter(|_| !own_place);
        let keep = keep.unwrap_or_default() as usize;
        let fit = (*guest.digest(), Digest::of_json(&*job.authority));
        let work = async {
            if keep == 0 {
                let listener = Listener::default();
                let grant = self.grant(&job.authority, root.clone(), &listener).await?;
                listen(&listener, context);
                return Ok(self.host.call_tool(guest, slot, &job.limits, call, grant).await);
            }
            let mut warm = match self.take(&fit) {
                Some(warm) => warm,
                None => {
                    let listener = Listener::default();
                    let grant = self.grant(&job.authority, root.clone(), &listener).await?;
                    Warm { tool: self.host.warm_tool(guest, &job.limits, grant), listener }
                }
            };
            listen(&warm.listener, context);
            let end = warm.tool.call(slot, call).await;
            if warm.tool.is_fit() {
                self.put_back(fit, warm, keep);
            }
            Ok(end)
        };
        let timeout = Duration::from_millis(job.timeout_ms);
        tokio::select! {
            end = work => match end {
                Ok(end) => answer(end),
                Err(error) => failed(error),
            },
            () = cancelled(context) => failed(BackendError::Cancelled),
            () = tokio::time::sleep(timeout) => failed(permanent(
                FailureKind::TimedOut,
                "timeout",
                format!("the call took longer than its {} ms", job.timeout_ms),
            )),
        }
    }

    fn path(&self) -> Option<&std::path::Path> {
        self.root.as_ref().map(|root| root.path())
    }

    /// The directory that a call works in: the granted one, or the worktree of the agent that calls.
    async fn root(&self, job: &ToolJob) -> Result<Option<Arc<Root>>, BackendError> {
        let Some(path) = job.root.as_deref().filter(|path| Some(*path) != self.path()) else {
            return Ok(self.root.clone());
        };
        let owned = path.to_owned();
        let opened = tokio::task::spawn_blocking(move || Root::open(&owned)).await;
        let failed = |problem: String| {
            let message = format!("the directory of the call cannot be opened: {problem}");
            permanent(FailureKind::Failed, "root", message)
        };
        let opened = opened.map_err(|error| failed(error.to_string()))?;
        opened.map(|root| Some(Arc::new(root))).map_err(|error| failed(error.to_string()))
    }

    /// What a call may touch, ready to be enforced.
    async fn grant(
        &self,
        authority: &Arc<Authority>,
        root: Option<Arc<Root>>,
        listener: &Listener,
    ) -> Result<ToolGrant, BackendError> {
        let mut environment: Vec<(String, String)> = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .filter(|(name, _)| authority.env.as_ref().is_some_and(|env| env.allows(name)))
            .filter(|(name, _)| !name.starts_with(SECRET_VARIABLE))
            .collect();
        let mut secrets = Vec::new();
        let granted = |name: &&String| authority.secrets.as_ref().is_some_and(|s| s.allows(name));
        for (name, definition) in
            self.secrets.definitions().iter().filter(|(name, _)| granted(name))
        {
            let value = self
                .secrets
                .get(name)
                .await
                .map_err(|error| permanent(FailureKind::Failed, "secret", error.to_string()))?;
            let placeholder = self.secrets.placeholder(name);
            environment.push((variable(name), placeholder.clone()));
            let hosts = definition.hosts.clone();
            secrets.push(GrantedSecret { name: name.clone(), placeholder, value, hosts });
        }
        let certificates = match &authority.http {
            Some(_) => self.certificates.get().await,
            None => Ok(Arc::default()),
        };
        let certificates = certificates
            .map_err(|message| permanent(FailureKind::Failed, "certificates", message))?;
        let listener = Arc::clone(listener);
        Ok(ToolGrant {
            root,
            authority: Arc::clone(authority),
            environment,
            secrets,
            certificates,
            denied: Arc::new(move |denial| {
                let notices = listener.lock().unwrap_or_else(PoisonError::into_inner);
                if let Some(notices) = &*notices {
                    // A closed channel means that nobody keeps a journal of this job.
                    let _ = notices.send(Notice::Denied(denial));
                }
            }),
        })
    }

    fn take(&self, fit: &Fit) -> Option<Warm> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.get_mut(fit)?.pop()
    }

    fn put_back(&self, fit: Fit, warm: Warm, keep: usize) {
        *warm.listener.lock().unwrap_or_else(PoisonError::into_inner) = None;
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let same = kept.entry(fit).or_default();
        if same.len() < keep {
            same.push(warm);
        }
    }
}

fn listen(listener: &Listener, context: &JobContext) {
    *listener.lock().unwrap_or_else(PoisonError::into_inner) = Some(context.notices.clone());
}

/// The variable that holds the stand-in of a secret.
fn variable(secret: &str) -> String {
    let name: String = secret
        .chars()
        .map(
            |letter| if letter.is_ascii_alphanumeric() { letter.to_ascii_uppercase() } else { '_' },
        )
        .collect();
    format!("{SECRET_VARIABLE}{name}")
}

fn answer(end: ToolEnd) -> Answer {
    let ToolEnd { end, unavailable } = end;
    let usage = Usage { fuel: end.fuel, ..Usage::default() };
    let result = match end.outcome {
        Ok(Outcome::Done(handoff)) => Ok(handoff),
        Ok(Outcome::Failed(failure)) if unavailable => {
            Err(BackendError::Retryable { failure, after_ms: None })
        }
        Ok(Outcome::Failed(failure)) => Err(BackendError::Permanent(failure)),
        Err(error) => Err(error.into()),
    };
    Answer { result, usage }
}
