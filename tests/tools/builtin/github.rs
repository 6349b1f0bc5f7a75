//! A GitHub on this machine, with one repository, and some pages beside it.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

/// The token that it accepts.
pub const TOKEN: &str = "ghp_a-token-that-nobody-may-see";

/// Pull requests and comments.
#[derive(Default)]
struct State {
    pulls: Vec<Value>,
    comments: Vec<Value>,
}

/// It answers until the test process ends.
pub struct Fake {
    /// Where it is.
    pub url: String,
    state: Arc<Mutex<State>>,
}

/// A request as it came.
struct Request {
    method: String,
    path: String,
    headers: BTreeMap<String, String>,
    body: Value,
}

impl Fake {
    /// Starts one.
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let state = Arc::new(Mutex::new(State::default()));
        let shared = Arc::clone(&state);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let shared = Arc::clone(&shared);
                std::thread::spawn(move || serve(&stream, &shared));
            }
        });
        Self { url, state }
    }

    /// How many pull requests and comments were made.
    pub fn made(&self) -> (usize, usize) {
        let state = self.state.lock().unwrap();
        (state.pulls.len(), state.comments.len())
    }

    /// Text of a comment.
    pub fn comment(&self, index: usize) -> String {
        self.state.lock().unwrap().comments[index]["body"].as_str().unwrap().to_owned()
    }
}

/// Answers one request.
fn serve(mut stream: &TcpStream, state: &Mutex<State>) {
    let Some(request) = read(stream) else { return };
    let (status, head, body) = answer(&request, &mut state.lock().unwrap());
    let length = body.len();
    let body = if request.method == "HEAD" { "" } else { &body };
    let response = format!(
        "HTTP/1.1 {status} X\r\nconnection: close\r\ncontent-length: {length}\r\n{head}\r\n{body}"
    );
    // Whoever asked may be gone.
    let _ = stream.write_all(response.as_bytes());
}

fn read(stream: &TcpStream) -> Option<Request> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let mut words = line.split_whitespace().map(str::to_owned);
    let (method, path) = (words.next()?, words.next()?);
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
    }
    let mut body = Vec::new();
    if let Some(length) = headers.get("content-length").and_then(|text| text.parse().ok()) {
        body = vec![0; length];
        reader.read_exact(&mut body).ok()?;
    } else if headers.contains_key("transfer-encoding") {
        body = chunks(&mut reader)?;
    }
    let body = serde_json::from_slice(&body).unwrap_or_default();
    Some(Request { method, path, headers, body })
}

fn chunks(reader: &mut BufReader<&TcpStream>) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let length = usize::from_str_radix(line.trim(), 16).ok()?;
        let mut chunk = vec![0; length + 2];
        reader.read_exact(&mut chunk).ok()?;
        body.extend_from_slice(&chunk[..length]);
        if length == 0 {
            return Some(body);
        }
    }
}

/// Status, header fields and body.
fn answer(request: &Request, state: &mut State) -> (u16, String, String) {
    let (path, query) = request.path.split_once('?').unwrap_or((&request.path, ""));
    let html = "content-type: text/html\r\n";
    match path {
        "/page" => return (200, html.into(), "<h1>Hello</h1>".into()),
        "/away" => return (302, "location: http://127.0.0.1:9/\r\n".into(), String::new()),
        _ => {}
    }
    let token = request.headers.get("authorization").map(String::as_str);
    let json = |status, value: Value| (status, String::new(), value.to_string());
    if path.starts_with("/repos/") && token != Some(&format!("Bearer {TOKEN}")) {
        return json(401, json!({ "message": "Bad credentials" }));
    }
    let body = &request.body;
    match (request.method.as_str(), path) {
        ("GET", "/repos/ann/shop/pulls") => {
            assert!(query.contains("head=ann%3Afix%2Fone") && query.contains("base=main"));
            json(200, json!(state.pulls))
        }
        ("POST", "/repos/ann/shop/pulls") => {
            let number = state.pulls.len() + 1;
            let pull = json!({
                "number": number, "id": 100 + number, "state": "open", "body": body["body"],
                "html_url": format!("https://github.com/ann/shop/pull/{number}"),
                "head": { "sha": "abc" },
            });
            state.pulls.push(pull.clone());
            json(201, pull)
        }
        ("GET", "/repos/ann/shop/issues/7/comments") => json(200, json!(state.comments)),
        ("POST", "/repos/ann/shop/issues/7/comments") => {
            let id = 900 + state.comments.len();
            let comment = json!({ "id": id, "html_url": "https://x", "body": body["body"] });
            state.comments.push(comment.clone());
            json(201, comment)
        }
        _ => json(404, json!({ "message": "Not Found" })),
    }
}
