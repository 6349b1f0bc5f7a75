//! A server that is reached over HTTP, of which the tests say what it answers.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use super::fake::greeting;

/// A request as the server got it.
#[derive(Clone, Debug)]
pub struct Asked {
    pub verb: String,
    pub path: String,
    /// By name in small letters.
    pub headers: BTreeMap<String, String>,
    /// Null where there is none.
    pub message: Value,
}

impl Asked {
    pub fn method(&self) -> &str {
        self.message["method"].as_str().unwrap_or_default()
    }
}

/// What it gets.
pub enum Reply {
    /// The result of what it asked for, as JSON.
    Result(Value),
    /// The same as an event.
    Event(Value),
    /// Status, further header lines, and a body of JSON.
    Status(u16, &'static str, Value),
    /// Status and header lines only, the location filled in.
    Redirect(u16, String),
    /// Nothing, ever.
    Silence,
    /// Nothing, and the connection is closed.
    Close,
}

/// A server until it is dropped.
pub struct Web {
    pub url: String,
    asked: Arc<Mutex<Vec<Asked>>>,
    accepts: JoinHandle<()>,
}

impl Drop for Web {
    fn drop(&mut self) {
        self.accepts.abort();
    }
}

impl Web {
    /// Serves on a free port.
    pub async fn serve(answer: impl Fn(&Asked) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/mcp", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (all, answer) = (Arc::clone(&asked), Arc::new(answer));
        let accepts = tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let (all, answer) = (Arc::clone(&all), Arc::clone(&answer));
                tokio::spawn(async move {
                    let mut stream = BufReader::new(stream);
                    let Some(asked) = request(&mut stream).await else { return };
                    all.lock().unwrap().push(asked.clone());
                    reply(stream.into_inner(), &asked, answer(&asked)).await;
                });
            }
        });
        Self { url, asked, accepts }
    }

    /// A server that greets, and leaves the rest to `answer`.
    pub async fn greeting(answer: impl Fn(&Asked) -> Reply + Send + Sync + 'static) -> Self {
        Self::serve(move |asked| match (asked.verb.as_str(), asked.method()) {
            ("GET", _) => Reply::Status(405, "", json!(null)),
            ("DELETE", _) => Reply::Status(200, "", json!(null)),
            (_, "initialize") => {
                let result = greeting(&asked.message);
                let message =
                    json!({ "jsonrpc": "2.0", "id": asked.message["id"], "result": result });
                Reply::Status(200, "mcp-session-id: s-1\r\n", message)
            }
            (_, method) if method.starts_with("notifications/") => {
                Reply::Status(202, "", json!(null))
            }
            (_, "ping") => Reply::Result(json!({})),
            _ => answer(asked),
        })
        .await
    }

    /// What was asked so far.
    pub fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    /// How often something was asked for.
    pub fn count(&self, method: &str) -> usize {
        self.asked().iter().filter(|asked| asked.method() == method).count()
    }
}

async fn request(stream: &mut BufReader<TcpStream>) -> Option<Asked> {
    let mut line = String::new();
    stream.read_line(&mut line).await.ok()?;
    let (verb, rest) = line.split_once(' ')?;
    let (verb, path) = (verb.to_owned(), rest.split(' ').next()?.to_owned());
    let mut headers = BTreeMap::new();
    loop {
        line.clear();
        stream.read_line(&mut line).await.ok()?;
        let Some((name, value)) = line.trim().split_once(": ") else { break };
        headers.insert(name.to_ascii_lowercase(), value.to_owned());
    }
    let length = headers.get("content-length").map_or(0, |length| length.parse().unwrap());
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.ok()?;
    let message = serde_json::from_slice(&body).unwrap_or_default();
    Some(Asked { verb, path, headers, message })
}

async fn reply(mut stream: TcpStream, asked: &Asked, reply: Reply) {
    let answer = |result| json!({ "jsonrpc": "2.0", "id": asked.message["id"], "result": result });
    let (status, kind, headers, body) = match reply {
        Reply::Result(result) => {
            (200, "application/json", String::new(), answer(result).to_string())
        }
        Reply::Event(result) => {
            (200, "text/event-stream", String::new(), format!("data: {}\n\n", answer(result)))
        }
        Reply::Status(status, headers, Value::Null) => {
            (status, "text/plain", headers.into(), String::new())
        }
        Reply::Status(status, headers, body) => {
            (status, "application/json", headers.into(), body.to_string())
        }
        Reply::Redirect(status, to) => {
            (status, "text/plain", format!("location: {to}\r\n"), String::new())
        }
        Reply::Silence => {
            let mut byte = [0];
            let _ = stream.read(&mut byte).await;
            return;
        }
        Reply::Close => return,
    };
    let head = format!(
        "HTTP/1.1 {status} Some\r\ncontent-type: {kind}\r\ncontent-length: {}\r\n\
         connection: close\r\n{headers}\r\n",
        body.len()
    );
    // A client that has left does not want it.
    let _ = stream.write_all(format!("{head}{body}").as_bytes()).await;
    let _ = stream.shutdown().await;
}
