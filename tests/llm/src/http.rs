//! HTTP/1.1 as far as a server of tests needs it: requests in, bytes out.

use std::io;

use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Bytes a request may have.
const REQUEST_MAX: usize = 256 << 20;
const HEAD_MAX: usize = 256 << 10;

/// A request.
#[derive(Debug)]
pub(crate) struct Request {
    pub method: String,
    pub target: String,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: Bytes,
}

impl Request {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// The next request of a connection; none when it ends or what comes is no request.
pub(crate) async fn read(
    stream: &mut TcpStream,
    buffer: &mut BytesMut,
) -> io::Result<Option<Request>> {
    let head_end = loop {
        if let Some(at) = buffer.windows(4).position(|window| window == b"\r\n\r\n") {
            break at;
        }
        if buffer.len() > HEAD_MAX || stream.read_buf(buffer).await? == 0 {
            return Ok(None);
        }
    };
    let head = String::from_utf8_lossy(&buffer.split_to(head_end + 4)).into_owned();
    let mut lines = head.split("\r\n");
    let mut first = lines.next().unwrap_or_default().split(' ');
    let (Some(method), Some(target)) = (first.next(), first.next()) else { return Ok(None) };
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.trim().to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    let mut request = Request {
        method: method.to_owned(),
        target: target.to_owned(),
        headers,
        body: Bytes::new(),
    };
    if request.header("expect").is_some_and(|value| value.eq_ignore_ascii_case("100-continue")) {
        stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").await?;
    }
    let chunked = request
        .header("transfer-encoding")
        .is_some_and(|value| value.to_ascii_lowercase().contains("chunked"));
    let body = if chunked {
        read_chunks(stream, buffer).await?
    } else {
        let length = request.header("content-length").and_then(|value| value.parse().ok());
        read_exact(stream, buffer, length.unwrap_or(0)).await?
    };
    let Some(body) = body else { return Ok(None) };
    request.body = body;
    Ok(Some(request))
}

async fn read_exact(
    stream: &mut TcpStream,
    buffer: &mut BytesMut,
    length: usize,
) -> io::Result<Option<Bytes>> {
    if length > REQUEST_MAX {
        return Ok(None);
    }
    while buffer.len() < length {
        if stream.read_buf(buffer).await? == 0 {
            return Ok(None);
        }
    }
    Ok(Some(buffer.split_to(length).freeze()))
}

async fn read_chunks(stream: &mut TcpStream, buffer: &mut BytesMut) -> io::Result<Option<Bytes>> {
    let mut body = BytesMut::new();
    loop {
        let Some(line) = read_line(stream, buffer).await? else { return Ok(None) };
        let size = line.split(';').next().unwrap_or_default().trim();
        let Ok(size) = usize::from_str_radix(size, 16) else { return Ok(None) };
        if size > REQUEST_MAX - body.len() {
            return Ok(None);
        }
        if size == 0 {
            // Trailers, and the empty line after them.
            while let Some(line) = read_line(stream, buffer).await? {
                if line.is_empty() {
                    return Ok(Some(body.freeze()));
                }
            }
            return Ok(None);
        }
        let Some(chunk) = read_exact(stream, buffer, size + 2).await? else { return Ok(None) };
        body.extend_from_slice(&chunk[..size]);
    }
}

async fn read_line(stream: &mut TcpStream, buffer: &mut BytesMut) -> io::Result<Option<String>> {
    loop {
        if let Some(at) = buffer.windows(2).position(|window| window == b"\r\n") {
            let line = buffer.split_to(at + 2);
            return Ok(Some(String::from_utf8_lossy(&line[..at]).into_owned()));
        }
        if buffer.len() > HEAD_MAX || stream.read_buf(buffer).await? == 0 {
            return Ok(None);
        }
    }
}

/// How long a body is said to be.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Length {
    /// So many bytes.
    Bytes(usize),
    /// Told chunk by chunk.
    Chunked,
}

/// The head of an answer.
pub(crate) fn head(
    status: u16,
    media_type: &str,
    headers: &[(String, String)],
    length: Length,
) -> Bytes {
    let length = match length {
        Length::Bytes(bytes) => format!("content-length: {bytes}"),
        Length::Chunked => "transfer-encoding: chunked".to_owned(),
    };
    let mut head = format!(
        "HTTP/1.1 {status} {}\r\ncontent-type: {media_type}\r\n{length}\r\n",
        reason(status)
    );
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str("\r\n");
    head.into()
}

fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        307 => "Temporary Redirect",
        429 => "Too Many Requests",
        529 => "Overloaded",
        _ => "Answer",
    }
}

/// A chunk of a body without a length.
pub(crate) fn chunk(bytes: &[u8]) -> Bytes {
    let mut chunk = BytesMut::from(format!("{:x}\r\n", bytes.len()).as_bytes());
    chunk.extend_from_slice(bytes);
    chunk.extend_from_slice(b"\r\n");
    chunk.freeze()
}

/// What ends such a body.
pub(crate) const LAST_CHUNK: &[u8] = b"0\r\n\r\n";
