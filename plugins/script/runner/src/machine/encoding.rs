//! Text as bytes, and URLs: what the prelude leaves to Rust.

use rquickjs::function::{Func, Opt};
use rquickjs::{Ctx, Object, TypedArray};
use serde_json::json;
use url::{Url, form_urlencoded, quirks};

/// Adds the functions to the object of host functions.
pub fn add<'js>(object: &Object<'js>) -> rquickjs::Result<()> {
    object.set(
        "utf8Encode",
        Func::from(|ctx: Ctx<'js>, text: String| TypedArray::<u8>::new(ctx, text.into_bytes())),
    )?;
    object.set("utf8Whole", Func::from(whole))?;
    object.set("utf8Decode", Func::from(decode))?;
    object.set(
        "withoutSpace",
        Func::from(|text: String| text.replace(|c: char| c.is_ascii_whitespace(), "")),
    )?;
    object.set(
        "urlParse",
        Func::from(|input: String, base: Opt<Option<String>>| {
            parse(&input, base.0.flatten().as_deref()).map(|url| parts(&url))
        }),
    )?;
    object.set("urlSet", Func::from(set))?;
    object.set(
        "formParse",
        Func::from(|text: String| {
            let pairs: Vec<_> = form_urlencoded::parse(text.as_bytes()).collect();
            json!(pairs).to_string()
        }),
    )?;
    object.set(
        "formWrite",
        Func::from(|pairs: String| {
            let pairs: Vec<(String, String)> = serde_json::from_str(&pairs).unwrap_or_default();
            form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
        }),
    )
}

/// A copy of the bytes.
#[expect(unsafe_code, reason = "a view of memory that scripts can change")]
pub fn bytes_of(array: &TypedArray<'_, u8>) -> Vec<u8> {
    // SAFETY: the view ends in this line, in which no code of a script runs.
    unsafe { array.as_bytes() }.map(<[u8]>::to_vec).unwrap_or_default()
}

/// How many of the bytes are whole characters or errors; the rest may be the beginning of one.
fn whole(bytes: TypedArray<'_, u8>, last: bool) -> usize {
    let bytes = bytes_of(&bytes);
    if last {
        return bytes.len();
    }
    // A character has at most four bytes, so what is missing of one begins in the last three.
    let tail = bytes.len().saturating_sub(3);
    (tail..bytes.len())
        .find(|at| {
            let rest = bytes.get(*at..).unwrap_or_default();
            std::str::from_utf8(rest)
                .is_err_and(|error| error.valid_up_to() == 0 && error.error_len().is_none())
        })
        .unwrap_or(bytes.len())
}

/// The first `taken` bytes as text; none if they are not UTF-8 and `fatal` says that they must be.
fn decode(bytes: TypedArray<'_, u8>, taken: usize, fatal: bool) -> Option<String> {
    let mut bytes = bytes_of(&bytes);
    bytes.truncate(taken);
    match String::from_utf8(bytes) {
        Ok(text) => Some(text),
        Err(_) if fatal => None,
        Err(error) => Some(String::from_utf8_lossy(error.as_bytes()).into_owned()),
    }
}

fn parse(input: &str, base: Option<&str>) -> Option<Url> {
    match base {
        None => Url::parse(input).ok(),
        Some(base) => Url::parse(base).ok()?.join(input).ok(),
    }
}

/// The parts of a URL by the names they have in JavaScript, as JSON.
fn parts(url: &Url) -> String {
    json!({
        "href": quirks::href(url),
        "origin": quirks::origin(url),
        "protocol": quirks::protocol(url),
        "username": quirks::username(url),
        "password": quirks::password(url),
        "host": quirks::host(url),
        "hostname": quirks::hostname(url),
        "port": quirks::port(url),
        "pathname": quirks::pathname(url),
        "search": quirks::search(url),
        "hash": quirks::hash(url),
    })
    .to_string()
}

/// A URL with one part changed. A value that does not fit changes nothing, as in JavaScript.
fn set(href: String, part: String, value: String) -> Option<String> {
    let mut url = Url::parse(&href).ok()?;
    let _ignored = match part.as_str() {
        "protocol" => quirks::set_protocol(&mut url, &value),
        "username" => quirks::set_username(&mut url, &value),
        "password" => quirks::set_password(&mut url, &value),
        "host" => quirks::set_host(&mut url, &value),
        "hostname" => quirks::set_hostname(&mut url, &value),
        "port" => quirks::set_port(&mut url, &value),
        "pathname" => {
            quirks::set_pathname(&mut url, &value);
            Ok(())
        }
        "search" => {
            quirks::set_search(&mut url, &value);
            Ok(())
        }
        _ => {
            quirks::set_hash(&mut url, &value);
            Ok(())
        }
    };
    Some(parts(&url))
}
