//! The client behind the functions of `wasi:http`.

use std::sync::Arc;

use baton_core::limits::ToolLimits;
use http::{HeaderName, HeaderValue};
use http_body_util::BodyExt as _;
use wasmtime::StoreContextMut;
use wasmtime::component::{Linker, Resource};
use wasmtime_wasi_http::p2::bindings::http::types::{
    DnsErrorPayload, ErrorCode, FieldSizePayload, IoError,
};
use wasmtime_wasi_http::{
    Error, ForbiddenHeaderFilter, RequestOptions, WasiBody, WasiHttpCtx, WasiHttpHooks,
    WasiHttpView,
};

use super::client::{Client, Patience};
use super::error::HttpError;
use super::headers::FORBIDDEN;
use super::resolve::System;
use crate::tool::ToolGrant;

/// The interface that the bindings were made from, as the linker knows it.
const TYPES: &str = "wasi:http/types@0.2.12";

/// The header of a trace context.
const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// A guest's headers take more room in the host than on the wire, where their limit is checked: the
/// one ends the request with an error, the other the guest.
const FIELD_SIZE_FACTOR: u64 = 4;

/// What a response comes with in the host's own terms.
type Sent = (http::Response<WasiBody>, Box<dyn Future<Output = Result<(), Error>> + Send>);

/// Sends the requests of one call of a tool, as far as they are granted.
pub struct HttpClient {
    client: Client,
    forbidden: ForbiddenHeaderFilter,
    /// The context that requests belong to which name none.
    traceparent: Option<HeaderValue>,
}

impl HttpClient {
    /// For one call. Nothing is opened or read before its first request.
    #[must_use]
    pub fn new(grant: &ToolGrant, limits: &ToolLimits, traceparent: Option<&str>) -> Self {
        Self {
            client: Client::new(grant, limits, Box::new(System)),
            forbidden: Arc::new(|name| FORBIDDEN.contains(name)),
            traceparent: traceparent.and_then(|header| HeaderValue::from_str(header).ok()),
        }
    }
}

/// The context of `wasi:http`, with the limits of a call.
#[must_use]
pub fn context(limits: &ToolLimits) -> WasiHttpCtx {
    let mut context = WasiHttpCtx::new();
    let bytes = limits.http_header_bytes.saturating_mul(FIELD_SIZE_FACTOR);
    context.set_field_size_limit(usize::try_from(bytes).unwrap_or(usize::MAX));
    context
}

/// Adds `wasi:http/types` and `wasi:http/outgoing-handler`.
///
/// # Errors
/// When one of them is there already.
pub fn add_to_linker<T: WasiHttpView + 'static>(linker: &mut Linker<T>) -> wasmtime::Result<()> {
    wasmtime_wasi_http::p2::add_only_http_to_linker_async(linker)?;
    // The library's own function does not recognize the errors of its own response bodies.
    linker.allow_shadowing(true);
    linker.instance(TYPES)?.func_wrap(
        "http-error-code",
        |mut store: StoreContextMut<'_, T>, (error,): (Resource<IoError>,)| {
            let view = store.data_mut().http();
            let error = view.table.get(&error)?;
            let code = error
                .downcast_ref::<ErrorCode>()
                .cloned()
                .or_else(|| error.downcast_ref::<Error>().and_then(code_of_body));
            Ok((code,))
        },
    )?;
    linker.allow_shadowing(false);
    Ok(())
}

impl WasiHttpHooks for HttpClient {
    fn forbidden_header_filter(&mut self) -> ForbiddenHeaderFilter {
        Arc::clone(&self.forbidden)
    }

    // The client sets it, from what it read of the URL.
    fn set_host_header(&mut self) -> bool {
        false
    }

    fn send_request(
        &mut self,
        mut request: http::Request<WasiBody>,
        options: Option<RequestOptions>,
        _processed: Box<dyn Future<Output = Result<(), Error>> + Send>,
    ) -> Box<dyn Future<Output = Result<Sent, Error>> + Send> {
        let client = self.client.clone();
        if let Some(traceparent) = &self.traceparent {
            let context = request.headers_mut().entry(TRACEPARENT);
            context.or_insert_with(|| traceparent.clone());
        }
        let options = options.unwrap_or_default();
        let patience = Patience {
            connect: options.connect_timeout,
            first_byte: options.first_byte_timeout,
            between_bytes: options.between_bytes_timeout,
        };
        Box::new(async move {
            let response = client.send(request, patience).await?;
            let response = response.map(|body| body.map_err(Error::from).boxed_unsync());
            // The connection belongs to the body and needs nobody to drive it.
            let done: Box<dyn Future<Output = Result<(), Error>> + Send> =
                Box::new(async { Ok(()) });
            Ok((response, done))
        })
    }
}

impl From<HttpError> for Error {
    fn from(error: HttpError) -> Self {
        code(error).into()
    }
}

fn code(error: HttpError) -> ErrorCode {
    match error {
        HttpError::Denied => ErrorCode::HttpRequestDenied,
        HttpError::PrivateAddress => ErrorCode::DestinationIpProhibited,
        HttpError::UriInvalid => ErrorCode::HttpRequestUriInvalid,
        HttpError::UriTooLong => ErrorCode::HttpRequestUriTooLong,
        HttpError::MethodInvalid => ErrorCode::HttpRequestMethodInvalid,
        HttpError::RequestHeaders(bytes) => ErrorCode::HttpRequestHeaderSectionSize(Some(bytes)),
        HttpError::RequestBody(bytes) => ErrorCode::HttpRequestBodySize(Some(bytes)),
        HttpError::RequestTrailers => ErrorCode::HttpRequestTrailerSize(FieldSizePayload {
            field_name: None,
            field_size: None,
        }),
        HttpError::ResponseHeaders => ErrorCode::HttpResponseHeaderSectionSize(None),
        HttpError::ResponseBody(bytes) => ErrorCode::HttpResponseBodySize(Some(bytes)),
        HttpError::TransferCoding(coding) => ErrorCode::HttpResponseTransferCoding(Some(coding)),
        HttpError::ContentCoding(coding) => ErrorCode::HttpResponseContentCoding(Some(coding)),
        HttpError::TooManyConnections => ErrorCode::ConnectionLimitReached,
        HttpError::Name => ErrorCode::DnsError(DnsErrorPayload { rcode: None, info_code: None }),
        HttpError::NameTimeout => ErrorCode::DnsTimeout,
        HttpError::Unreachable => ErrorCode::DestinationUnavailable,
        HttpError::ConnectionRefused => ErrorCode::ConnectionRefused,
        HttpError::ConnectionTimeout => ErrorCode::ConnectionTimeout,
        HttpError::Certificate => ErrorCode::TlsCertificateError,
        HttpError::Tls => ErrorCode::TlsProtocolError,
        HttpError::Silence => ErrorCode::ConnectionReadTimeout,
        HttpError::Timeout => ErrorCode::HttpResponseTimeout,
        HttpError::ConnectionTerminated => ErrorCode::ConnectionTerminated,
        HttpError::Incomplete => ErrorCode::HttpResponseIncomplete,
        HttpError::Protocol => ErrorCode::HttpProtocolError,
    }
}

/// The code of what can go wrong while a response is read.
fn code_of_body(error: &Error) -> Option<ErrorCode> {
    Some(match error {
        Error::HttpResponseBodySize(bytes) => ErrorCode::HttpResponseBodySize(*bytes),
        Error::HttpResponseHeaderSectionSize(bytes) => {
            ErrorCode::HttpResponseHeaderSectionSize(*bytes)
        }
        Error::HttpRequestBodySize(bytes) => ErrorCode::HttpRequestBodySize(*bytes),
        Error::HttpResponseTimeout => ErrorCode::HttpResponseTimeout,
        Error::ConnectionReadTimeout => ErrorCode::ConnectionReadTimeout,
        Error::ConnectionTerminated => ErrorCode::ConnectionTerminated,
        Error::HttpResponseIncomplete => ErrorCode::HttpResponseIncomplete,
        Error::HttpProtocolError => ErrorCode::HttpProtocolError,
        _ => return None,
    })
}
