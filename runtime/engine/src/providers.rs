//! Those who serve models, for every run of a process.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use baton_agents::model::ModelBackend;
use baton_core::handoff::{Failure, FailureKind};
use baton_core::limits::Limits;
use baton_core::model::{Models, ProviderDefinition};
use baton_host::files::Root;
use baton_models::rate::Gate;
use baton_models::recorded::Recorder;
use baton_models::{Carrier, ClientOptions, KeySource, ModelClient};
use baton_tools::secrets::Secrets;

/// What runs share of providers: the carrier of their exchanges, and room in their rates.
#[derive(Default)]
pub(crate) struct Providers {
    carrier: OnceLock<Arc<Carrier>>,
    gates: Mutex<BTreeMap<String, (ProviderDefinition, Arc<Gate>)>>,
    recorder: Option<Arc<Recorder>>,
}

impl Providers {
    /// With a place where exchanges are recorded.
    pub(crate) fn new(recorder: Option<Arc<Recorder>>) -> Self {
        Self { recorder, ..Self::default() }
    }

    /// The backend that is this model.
    ///
    /// # Errors
    /// Says why there is none.
    pub(crate) fn backend(
        &self,
        name: &str,
        models: &Models,
        secrets: &Arc<Secrets>,
        certificates: &[Vec<u8>],
        limits: &Limits,
        root: Option<Arc<Root>>,
    ) -> Result<ModelBackend, Failure> {
        let fail = |code: &str, message: String| Failure::new(FailureKind::Failed, code, message);
        let unknown = || fail("unknown-model", format!("the run has no model `{name}`"));
        let (provider, model) = models.split(name).ok_or_else(unknown)?;
        let definition = models.providers.get(provider).ok_or_else(unknown)?;
        let price = models.price(name).copied().ok_or_else(unknown)?;
        let carrier = self.carrier.get_or_init(Carrier::new);
        let bytes = |limit: u64| usize::try_from(limit).unwrap_or(usize::MAX);
        let options = ClientOptions {
            answer_bytes_max: bytes(limits.model.answer_bytes),
            event_bytes_max: bytes(limits.model.event_bytes),
            certificates: certificates.to_vec(),
            exchange: self.recorder.clone().map(|recorder| recorder as _),
            ..ClientOptions::default()
        };
        let key = definition.key.as_ref().map(|_| key(provider, secrets));
        let client = ModelClient::new(Arc::clone(carrier), provider, definition, key, options);
        let client = client.map_err(|error| fail(error.code, error.message))?;
        Ok(ModelBackend::new(
            name.to_owned(),
            provider.to_owned(),
            model.to_owned(),
            price,
            Arc::new(client),
            Some(self.gate(provider, definition)),
            root,
        ))
    }

    /// Room in the rates of a provider. Runs that know it by other rates have another.
    fn gate(&self, provider: &str, definition: &ProviderDefinition) -> Arc<Gate> {
        let mut gates = self.gates.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((known, gate)) = gates.get(provider)
            && known == definition
        {
            return Arc::clone(gate);
        }
        let gate = Arc::new(Gate::new(definition));
        gates.insert(provider.to_owned(), (definition.clone(), Arc::clone(&gate)));
        gate
    }
}

/// Where the client of a provider gets its key.
fn key(provider: &str, secrets: &Arc<Secrets>) -> KeySource {
    let (provider, secrets) = (provider.to_owned(), Arc::clone(secrets));
    Arc::new(move || {
        let (provider, secrets) = (provider.clone(), Arc::clone(&secrets));
        Box::pin(async move { secrets.key(&provider).await.map_err(|error| error.to_string()) })
    })
}
