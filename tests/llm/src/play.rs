//! Plays an answer over a connection, with what goes wrong.

use std::future::Future;
use std::io;
use std::time::Duration;

use bytes::Bytes;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::body::{self, Body, JSON};
use crate::fault::Fault;
use crate::http::{self, Length};
use crate::reply::{Reply, Say};
use crate::seen::Seen;
use crate::wire::Wire;

/// What becomes of the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum After {
    /// It takes another request.
    Keep,
    /// It is closed.
    Close,
    /// The other side left before it had the whole answer.
    Gone,
}

pub(crate) async fn play(stream: &mut TcpStream, reply: &Reply, seen: &Seen) -> io::Result<After> {
    if let Some(hold) = &reply.hold
        && !unless_gone(stream, hold.released()).await
    {
        return Ok(After::Gone);
    }
    if !pause(stream, reply.delay).await {
        return Ok(After::Gone);
    }
    match &reply.fault {
        Some(Fault::SilentBeforeHeaders) => return silence(stream).await,
        Some(Fault::ClosedBeforeHeaders) => return Ok(After::Close),
        Some(Fault::Bytes(bytes)) => {
            stream.write_all(bytes.as_bytes()).await?;
            return Ok(After::Close);
        }
        Some(Fault::EndlessHeaders) => {
            stream.write_all(b"HTTP/1.1 200 OK\r\n").await?;
            loop {
                stream.write_all(b"x-filler: lorem ipsum dolor sit amet\r\n").await?;
            }
        }
        Some(Fault::Huge { bytes, one_event }) => {
            return huge(stream, reply, seen, *bytes, *one_event).await;
        }
        _ => {}
    }
    let body = body::body(reply, seen);
    send(stream, reply, body).await
}

async fn send(stream: &mut TcpStream, reply: &Reply, body: Body) -> io::Result<After> {
    let total: usize = body.frames.iter().map(Bytes::len).sum();
    let length = match reply.fault {
        Some(Fault::ShortBody) => Length::Bytes(total + 1),
        Some(Fault::SilentAfterHeaders | Fault::SilentAfter(_)) => Length::Bytes(total.max(1)),
        _ if body.chunked => Length::Chunked,
        _ => Length::Bytes(total),
    };
    let head = http::head(body.status, &body.media_type, &body.headers, length);
    if let Some(each) = reply.fault.as_ref().and_then(Fault::drip) {
        let all = [&head[..], &encoded(&body.frames, length)].concat();
        return drip(stream, &all, each).await;
    }
    stream.write_all(&head).await?;
    match reply.fault {
        Some(Fault::SilentAfterHeaders) => return silence(stream).await,
        Some(Fault::SilentAfter(bytes)) => {
            let all = body.frames.concat();
            stream.write_all(&all[..all.len().min(bytes)]).await?;
            return silence(stream).await;
        }
        Some(Fault::Reset) => {
            let all = encoded(&body.frames, length);
            stream.write_all(&all[..all.len() / 2]).await?;
            stream.flush().await?;
            // The half that was sent must be on its way before the reset overtakes it.
            tokio::time::sleep(Duration::from_millis(20)).await;
            stream.set_zero_linger()?;
            return Ok(After::Close);
        }
        _ => {}
    }
    for (number, frame) in body.frames.iter().enumerate() {
        if let Some((events, hold)) = &reply.pause
            && number == *events
            && !unless_gone(stream, hold.released()).await
        {
            return Ok(After::Gone);
        }
        if !pause(stream, reply.per_chunk).await {
            return Ok(After::Gone);
        }
        match length {
            Length::Chunked if frame.is_empty() => {}
            Length::Chunked => stream.write_all(&http::chunk(frame)).await?,
            Length::Bytes(_) => stream.write_all(frame).await?,
        }
    }
    if matches!(length, Length::Chunked) {
        stream.write_all(http::LAST_CHUNK).await?;
    }
    stream.flush().await?;
    Ok(if reply.fault == Some(Fault::ShortBody) { After::Close } else { After::Keep })
}

fn encoded(frames: &[Bytes], length: Length) -> Vec<u8> {
    match length {
        Length::Bytes(_) => frames.concat(),
        Length::Chunked => {
            let mut all: Vec<u8> = frames.iter().flat_map(|frame| http::chunk(frame)).collect();
            all.extend_from_slice(http::LAST_CHUNK);
            all
        }
    }
}

async fn drip(stream: &mut TcpStream, bytes: &[u8], each: Duration) -> io::Result<After> {
    for byte in bytes {
        if !pause(stream, each).await {
            return Ok(After::Gone);
        }
        stream.write_all(std::slice::from_ref(byte)).await?;
    }
    Ok(After::Keep)
}

/// An answer with so much text, made while it is sent.
async fn huge(
    stream: &mut TcpStream,
    reply: &Reply,
    seen: &Seen,
    bytes: usize,
    one_event: bool,
) -> io::Result<After> {
    const MARKER: &str = "HUGE-TEXT";
    let wire = Wire::of(seen.api);
    let said = Reply { say: vec![Say::Text(MARKER.to_owned())], fault: None, ..reply.clone() };
    let (media_type, all) = if seen.streamed {
        let frames = (wire.stream)(&said, seen);
        (wire.stream_type, frames.into_iter().map(|frame| frame.bytes).collect())
    } else {
        (JSON, vec![Bytes::from((wire.whole)(&said, seen).to_string())])
    };
    stream.write_all(&http::head(200, media_type, &reply.headers, Length::Chunked)).await?;
    let block = "lorem ipsum ".repeat(5_000);
    let mut left = bytes;
    for frame in all {
        let text = String::from_utf8_lossy(&frame).into_owned();
        let Some((before, after)) = text.split_once(MARKER) else {
            stream.write_all(&http::chunk(&frame)).await?;
            continue;
        };
        if one_event || !seen.streamed {
            stream.write_all(&http::chunk(before.as_bytes())).await?;
            while left > 0 {
                let size = left.min(block.len());
                stream.write_all(&http::chunk(&block.as_bytes()[..size])).await?;
                left -= size;
            }
            stream.write_all(&http::chunk(after.as_bytes())).await?;
        } else {
            while left > 0 {
                let size = left.min(1_200);
                let event = format!("{before}{}{after}", &block[..size]);
                stream.write_all(&http::chunk(event.as_bytes())).await?;
                left -= size;
            }
        }
    }
    stream.write_all(http::LAST_CHUNK).await?;
    Ok(After::Keep)
}

/// Waits; false when the other side left meanwhile.
async fn pause(stream: &TcpStream, duration: Duration) -> bool {
    duration.is_zero() || unless_gone(stream, tokio::time::sleep(duration)).await
}

async fn silence(stream: &TcpStream) -> io::Result<After> {
    gone(stream).await;
    Ok(After::Gone)
}

async fn unless_gone(stream: &TcpStream, what: impl Future<Output = ()>) -> bool {
    tokio::select! {
        () = what => true,
        () = gone(stream) => false,
    }
}

/// Comes back when the other side has left.
async fn gone(stream: &TcpStream) {
    let mut byte = [0];
    match stream.peek(&mut byte).await {
        Ok(0) | Err(_) => {}
        // Another request is waiting already: whether its sender leaves is seen when it is read.
        Ok(_) => std::future::pending().await,
    }
}
