//! Why a request has no response, or a response no end.

/// Why a request has no response, or a response no end. A guest gets it as the error code of
/// `wasi:http` that says the same.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum HttpError {
    #[error("the request is not granted")]
    Denied,
    #[error("the address is not one of the public internet")]
    PrivateAddress,
    #[error("the URL cannot be read")]
    UriInvalid,
    #[error("the URL is too long")]
    UriTooLong,
    #[error("requests of this method are not sent")]
    MethodInvalid,
    #[error("the headers of the request have {0} bytes")]
    RequestHeaders(u32),
    #[error("the body of the request has {0} bytes or more")]
    RequestBody(u64),
    #[error("requests have no trailers")]
    RequestTrailers,
    #[error("the headers of the response are too large")]
    ResponseHeaders,
    #[error("the body of the response has {0} bytes or more")]
    ResponseBody(u64),
    #[error("the response is sent in the coding `{0}`")]
    TransferCoding(String),
    #[error("the response is compressed")]
    ContentCoding(String),
    #[error("too many connections at once")]
    TooManyConnections,
    #[error("the name is not known")]
    Name,
    #[error("the look-up of the name took too long")]
    NameTimeout,
    #[error("no address of the host can be reached")]
    Unreachable,
    #[error("the connection was refused")]
    ConnectionRefused,
    #[error("the connection took too long")]
    ConnectionTimeout,
    #[error("the certificate is not accepted")]
    Certificate,
    #[error("TLS failed")]
    Tls,
    #[error("the server sends nothing")]
    Silence,
    #[error("the request took too long")]
    Timeout,
    #[error("the connection ended before there was a response")]
    ConnectionTerminated,
    #[error("the response is incomplete")]
    Incomplete,
    #[error("the response is not HTTP")]
    Protocol,
}

impl HttpError {
    /// What hyper says of a connection before there is the head of a response.
    pub(super) fn of_head(error: &hyper::Error) -> Self {
        if error.is_incomplete_message() {
            Self::Incomplete
        } else {
            Self::of_message(error).unwrap_or(Self::ConnectionTerminated)
        }
    }

    /// What hyper says of a connection while the body of a response is read.
    pub(super) fn of_body(error: &hyper::Error) -> Self {
        Self::of_message(error).unwrap_or(Self::Incomplete)
    }

    fn of_message(error: &hyper::Error) -> Option<Self> {
        if error.is_parse_too_large() {
            Some(Self::ResponseHeaders)
        } else {
            error.is_parse().then_some(Self::Protocol)
        }
    }
}
