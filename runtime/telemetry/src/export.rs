//! Sends spans to a collector. The only file that knows the library.

use std::borrow::Cow;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use baton_core::record::Record;
use opentelemetry::trace::{
    Event, SpanContext, SpanId, SpanKind, Status, TraceFlags, TraceId, TraceState,
};
use opentelemetry::{InstrumentationScope, KeyValue};
use opentelemetry_otlp::{SpanExporter, WithHttpConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{SpanData, SpanEvents, SpanExporter as _, SpanLinks};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::settings::Settings;
use crate::span::{Kind, Span, Value};
use crate::spans::Spans;

/// Spans sent at once.
const BATCH: usize = 512;
/// Spans that wait to be sent; more are dropped and counted.
const WAITING_MAX: usize = 16_384;
/// How long a span waits for others.
const DELAY: Duration = Duration::from_secs(2);
/// How long the end of a program is held up by spans that were not sent yet.
const END: Duration = Duration::from_secs(10);

/// Sends the spans of runs to a collector, beside whatever else happens. That it fails changes
/// nothing but what [`Telemetry::finish`] says.
pub struct Telemetry {
    spans: mpsc::Sender<Span>,
    sending: JoinHandle<()>,
    watching: Mutex<Vec<JoinHandle<()>>>,
    trouble: Arc<Mutex<Trouble>>,
}

/// What was not sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trouble {
    /// Spans.
    pub lost: u64,
    /// The first reason.
    pub reason: Option<String>,
}

impl fmt::Debug for Telemetry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Telemetry").finish_non_exhaustive()
    }
}

impl Telemetry {
    /// Begins, on the runtime of the caller. The rest of the settings, address, headers and times,
    /// is read from the standard variables by the library.
    ///
    /// # Errors
    /// When they are of no use; one sentence.
    pub fn start(settings: &Settings) -> Result<Self, String> {
        let mut exporter = SpanExporter::builder()
            .with_http()
            .with_http_client(client(settings)?)
            .build()
            .map_err(|error| error.to_string())?;
        let mut resource = Resource::builder();
        if let Some(service) = settings.service {
            resource = resource.with_service_name(service);
        }
        resource =
            resource.with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")));
        exporter.set_resource(&resource.build());
        let (spans, waiting) = mpsc::channel(WAITING_MAX);
        let trouble = Arc::new(Mutex::default());
        let sending = tokio::spawn(send(exporter, waiting, Arc::clone(&trouble)));
        Ok(Self { spans, sending, watching: Mutex::default(), trouble })
    }

    /// Where the records of one run go, from its first one on. Spans that ended before `since_ms` were
    /// the matter of whoever drove it then.
    #[must_use]
    pub fn observer(&self, since_ms: u64) -> mpsc::UnboundedSender<Arc<Record>> {
        let (sender, mut records) = mpsc::unbounded_channel::<Arc<Record>>();
        let (spans, trouble) = (self.spans.clone(), Arc::clone(&self.trouble));
        let task = tokio::spawn(async move {
            let mut made = Spans::default();
            while let Some(record) = records.recv().await {
                for span in made.take(&record) {
                    if span.end_ms >= since_ms && spans.try_send(span).is_err() {
                        note(&trouble, 1, "more spans than the collector takes");
                    }
                }
            }
        });
        self.watching.lock().unwrap_or_else(PoisonError::into_inner).push(task);
        sender
    }

    /// Sends what is left and ends, in bounded time. Every observer must have been dropped.
    pub async fn finish(self) -> Trouble {
        let Self { spans, mut sending, watching, trouble } = self;
        let watching = watching.into_inner().unwrap_or_else(PoisonError::into_inner);
        let all = async {
            for task in watching {
                // A task that panicked has no spans.
                let _ = task.await;
            }
            drop(spans);
            let _ = (&mut sending).await;
        };
        if timeout(END, all).await.is_err() {
            sending.abort();
            note(&trouble, 0, "the collector was too slow");
        }
        trouble.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

fn note(trouble: &Mutex<Trouble>, lost: usize, reason: &str) {
    let mut trouble = trouble.lock().unwrap_or_else(PoisonError::into_inner);
    trouble.lost += lost as u64;
    trouble.reason.get_or_insert_with(|| reason.to_owned());
}

fn client(settings: &Settings) -> Result<reqwest::Client, String> {
    let mut roots = rustls::RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    if let Some(file) = &settings.certificate {
        let unreadable = |error: &dyn fmt::Display| format!("{file} cannot be read: {error}");
        for certificate in
            CertificateDer::pem_file_iter(file).map_err(|error| unreadable(&error))?
        {
            let certificate = certificate.map_err(|error| unreadable(&error))?;
            roots.add(certificate).map_err(|error| unreadable(&error))?;
        }
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .with_root_certificates(roots)
        .with_no_client_auth();
    reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        // Headers of the variables are for the address of the variables.
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .connect_timeout(Duration::from_secs(5))
        .timeout(END)
        .build()
        .map_err(|error| error.to_string())
}

async fn send(
    exporter: SpanExporter,
    mut waiting: mpsc::Receiver<Span>,
    trouble: Arc<Mutex<Trouble>>,
) {
    let scope =
        InstrumentationScope::builder("baton").with_version(env!("CARGO_PKG_VERSION")).build();
    let mut batch = Vec::new();
    let mut open = true;
    while open {
        let Some(first) = waiting.recv().await else { break };
        batch.push(data(first, &scope));
        // Others may follow soon: a request for each span would be a waste.
        let until = tokio::time::Instant::now() + DELAY;
        while batch.len() < BATCH {
            match tokio::time::timeout_at(until, waiting.recv()).await {
                Ok(Some(span)) => batch.push(data(span, &scope)),
                Ok(None) => {
                    open = false;
                    break;
                }
                Err(_) => break,
            }
        }
        let spans = std::mem::take(&mut batch);
        let count = spans.len();
        if let Err(error) = exporter.export(spans).await {
            note(&trouble, count, &short(&error.to_string()));
        }
    }
}

/// The library's words, without addresses: they may hold names and passwords.
fn short(words: &str) -> String {
    let safe = words.split_whitespace().map(|word| if word.contains("://") { "…" } else { word });
    safe.collect::<Vec<_>>().join(" ").chars().take(200).collect()
}

fn data(span: Span, scope: &InstrumentationScope) -> SpanData {
    let id = |text: &str| SpanId::from_hex(text).unwrap_or(SpanId::INVALID);
    let trace = TraceId::from_hex(&span.trace_id).unwrap_or(TraceId::INVALID);
    let context = SpanContext::new(
        trace,
        id(&span.span_id),
        TraceFlags::SAMPLED,
        false,
        TraceState::default(),
    );
    let mut events = SpanEvents::default();
    events.events = span
        .events
        .into_iter()
        .map(|(ms, name, facts)| Event::new(name, at(ms), attributes(facts), 0))
        .collect();
    SpanData {
        span_context: context,
        parent_span_id: span.parent.as_deref().map_or(SpanId::INVALID, id),
        parent_span_is_remote: span.remote_parent,
        span_kind: match span.kind {
            Kind::Internal => SpanKind::Internal,
            Kind::Client => SpanKind::Client,
        },
        name: Cow::Owned(span.name),
        start_time: at(span.start_ms),
        end_time: at(span.end_ms),
        attributes: attributes(span.attributes),
        dropped_attributes_count: 0,
        events,
        links: SpanLinks::default(),
        status: match span.error {
            Some(code) => Status::error(code),
            None => Status::Unset,
        },
        instrumentation_scope: scope.clone(),
    }
}

fn at(ms: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_millis(ms)
}

fn attributes(facts: Vec<(&'static str, Value)>) -> Vec<KeyValue> {
    facts
        .into_iter()
        .map(|(name, value)| match value {
            Value::Text(text) => KeyValue::new(name, text),
            Value::Number(number) => KeyValue::new(name, number),
            Value::Truth(truth) => KeyValue::new(name, truth),
        })
        .collect()
}
