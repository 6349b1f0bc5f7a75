//! Bodies of answers, and what goes wrong with them.

use std::io::Write;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::Value;

use crate::fault::{Fault, Refusal};
use crate::reply::Reply;
use crate::seen::{Api, Seen};
use crate::wire::{Frame, Wire};

pub(crate) const JSON: &str = "application/json";

/// A body, and how it is sent.
pub(crate) struct Body {
    pub status: u16,
    pub media_type: String,
    pub headers: Vec<(String, String)>,
    pub frames: Vec<Bytes>,
    /// Its length is told chunk by chunk.
    pub chunked: bool,
}

pub(crate) fn body(reply: &Reply, seen: &Seen) -> Body {
    let wire = Wire::of(seen.api);
    let mut body = Body {
        status: 200,
        media_type: if seen.streamed { wire.stream_type } else { JSON }.to_owned(),
        headers: reply.headers.clone(),
        frames: Vec::new(),
        chunked: seen.streamed,
    };
    let whole = |body: &mut Body, bytes: Bytes| {
        body.chunked = false;
        body.frames = vec![bytes];
    };
    match &reply.fault {
        Some(Fault::Refuses(refusal)) => {
            let (status, json) = refusal.answer(seen.api);
            (body.status, body.media_type) = (status, JSON.to_owned());
            whole(&mut body, json.to_string().into());
        }
        Some(Fault::Raw { status, media_type, body: text }) => {
            (body.status, body.media_type) = (*status, media_type.clone());
            whole(&mut body, text.clone().into());
        }
        Some(Fault::Redirect(to)) => {
            body.status = 307;
            body.headers.push(("location".to_owned(), format!("{to}{}", seen.path)));
            whole(&mut body, Bytes::new());
        }
        Some(Fault::Bomb(bytes)) => {
            body.headers.push(("content-encoding".to_owned(), "gzip".to_owned()));
            whole(&mut body, bomb(*bytes));
        }
        _ if seen.streamed => {
            let frames = spoil_frames((wire.stream)(reply, seen), reply.fault.as_ref(), &wire);
            body.frames = frames.into_iter().map(|frame| frame.bytes).collect();
            if seen.api == Api::Gemini && !seen.path.contains("alt=sse") {
                body.media_type = JSON.to_owned();
                body.frames = array(&body.frames);
            }
        }
        Some(Fault::ErrorEvent) => {
            let (_, json) = Refusal::Internal.answer(seen.api);
            whole(&mut body, json.to_string().into());
        }
        Some(Fault::UnknownEvents) => {
            let mut answer = (wire.whole)(reply, seen);
            answer["weather"] = Value::from("rain");
            whole(&mut body, answer.to_string().into());
        }
        _ => whole(&mut body, (wire.whole)(reply, seen).to_string().into()),
    }
    spoil_bytes(&mut body, reply.fault.as_ref());
    body
}

/// Without `alt=sse`, Gemini sends the events of a stream as one array.
fn array(frames: &[Bytes]) -> Vec<Bytes> {
    let text: String = frames.iter().map(|frame| String::from_utf8_lossy(frame)).collect();
    let values: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("data: ")).collect();
    vec![format!("[{}]", values.join(",\n")).into()]
}

fn spoil_frames(mut frames: Vec<Frame>, fault: Option<&Fault>, wire: &Wire) -> Vec<Frame> {
    match fault {
        Some(Fault::ErrorEvent) => {
            frames.retain(|frame| !frame.end);
            frames.push((wire.error)());
        }
        Some(Fault::NoEnd) => frames.retain(|frame| !frame.end),
        Some(Fault::Twice) => {
            frames = frames
                .into_iter()
                .flat_map(|frame| if frame.end { vec![frame.clone(), frame] } else { vec![frame] })
                .collect();
        }
        Some(Fault::UnknownEvents) => {
            let at = frames.iter().position(|frame| frame.end).unwrap_or(0);
            frames.splice(at..at, (wire.unknown)());
            frames.splice(0..0, (wire.unknown)());
        }
        _ => {}
    }
    frames
}

fn spoil_bytes(body: &mut Body, fault: Option<&Fault>) {
    match fault {
        Some(Fault::Cut(bytes)) => {
            let all = body.frames.concat();
            body.frames = vec![Bytes::copy_from_slice(&all[..all.len().min(*bytes)])];
        }
        Some(Fault::Changed { at, byte }) => {
            let mut all = body.frames.concat();
            if let Some(place) = all.get_mut(*at) {
                *place = *byte;
            }
            body.frames = vec![all.into()];
        }
        Some(Fault::OneByteChunks) => {
            let all = body.frames.concat();
            body.frames = all.chunks(1).map(Bytes::copy_from_slice).collect();
            body.chunked = true;
        }
        Some(Fault::BadUtf8) => {
            // The first letter within the text of the answer.
            let all = body.frames.concat();
            let marker = b"BAD";
            let at = all.windows(marker.len()).position(|window| window == marker);
            let mut spoiled = all.clone();
            if let Some(at) = at {
                spoiled[at..at + 3].copy_from_slice(&[0xff, 0xc3, 0x28]);
            }
            body.frames = vec![spoiled.into()];
        }
        Some(Fault::Compressed) => {
            body.headers.push(("content-encoding".to_owned(), "gzip".to_owned()));
            body.frames = vec![gzip(body.frames.iter().map(|frame| &frame[..]))];
        }
        _ => {}
    }
}

fn gzip<'a>(parts: impl Iterator<Item = &'a [u8]>) -> Bytes {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    for part in parts {
        // Writing into memory does not fail.
        let _ = encoder.write_all(part);
    }
    encoder.finish().unwrap_or_default().into()
}

fn bomb(bytes: usize) -> Bytes {
    let block = vec![b' '; 1 << 20];
    let rest = &block[..bytes % block.len()];
    gzip(std::iter::repeat_n(&block[..], bytes / block.len()).chain([rest]))
}
