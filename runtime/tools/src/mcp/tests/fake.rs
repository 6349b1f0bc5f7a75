//! A server that says what a test wants, over a pipe in memory.

use baton_agents::backend::BackendError;
use baton_core::limits::Limits;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, DuplexStream, ReadHalf, WriteHalf};

use crate::mcp::connection::Connection;
use crate::mcp::lines::Lines;
use crate::mcp::opening::{Ending, Link, Opening, Unopened};

/// Bytes the pipe holds.
pub const PIPE_BYTES: usize = 1 << 20;

/// The other end of a connection.
pub struct Fake {
    from: BufReader<ReadHalf<DuplexStream>>,
    to: WriteHalf<DuplexStream>,
}

impl Fake {
    pub fn over(stream: DuplexStream) -> Self {
        let (from, to) = tokio::io::split(stream);
        Self { from: BufReader::new(from), to }
    }

    /// The next message of the client.
    pub async fn next(&mut self) -> Value {
        let mut line = String::new();
        assert!(self.from.read_line(&mut line).await.unwrap() > 0, "the client hung up");
        serde_json::from_str(&line).unwrap()
    }

    /// The next message, which must be of this method.
    pub async fn expect(&mut self, method: &str) -> Value {
        let message = self.next().await;
        assert_eq!(message["method"], method, "{message}");
        message
    }

    /// Nothing more comes from the client.
    pub async fn expect_end(&mut self) {
        let mut line = String::new();
        assert_eq!(self.from.read_line(&mut line).await.unwrap(), 0, "{line}");
    }

    pub async fn say(&mut self, message: Value) {
        self.write(format!("{message}\n").as_bytes()).await;
    }

    pub async fn write(&mut self, bytes: &[u8]) {
        // A client that hung up shows in what it says of that.
        let _ = self.to.write_all(bytes).await;
    }

    pub async fn answer(&mut self, request: &Value, result: Value) {
        self.say(json!({ "jsonrpc": "2.0", "id": request["id"], "result": result })).await;
    }

    pub async fn refuse(&mut self, request: &Value, code: i32, message: &str) {
        let error = json!({ "code": code, "message": message });
        self.say(json!({ "jsonrpc": "2.0", "id": request["id"], "error": error })).await;
    }

    /// Goes through the handshake.
    pub async fn greet(&mut self) {
        let request = self.expect("initialize").await;
        assert_eq!(request["params"]["clientInfo"]["name"], "baton");
        assert_eq!(request["params"]["capabilities"], json!({}));
        self.answer(&request, greeting(&request)).await;
        self.expect("notifications/initialized").await;
    }
}

/// The answer to a handshake.
pub fn greeting(request: &Value) -> Value {
    json!({
        "protocolVersion": request["params"]["protocolVersion"],
        "capabilities": { "tools": {} },
        "serverInfo": { "name": "fake", "version": "1" },
    })
}

/// Opens a connection to a fake with the limits, while `server` speaks for it.
pub async fn open(
    opening: Opening,
    limits: &Limits,
    pipe_bytes: usize,
    server: impl AsyncFnOnce(Fake) -> Fake,
) -> (Result<Connection, Unopened>, Fake) {
    let (ours, theirs) = tokio::io::duplex(pipe_bytes);
    let (from, to) = tokio::io::split(ours);
    let bytes_max = limits.tools.mcp_message_bytes;
    let (transport, end) = Lines::new(from, to, bytes_max);
    let fake = Fake::over(theirs);
    let link = Link { transport, end: Ending::Lines(end), process: None };
    tokio::join!(Connection::open(link, opening, bytes_max), server(fake))
}

/// An open connection and its other end.
pub async fn connected(limits: &Limits) -> (Connection, Fake) {
    connected_by(limits, PIPE_BYTES).await
}

/// The same through a pipe of another size.
pub async fn connected_by(limits: &Limits, pipe_bytes: usize) -> (Connection, Fake) {
    let greet = async |mut fake: Fake| {
        fake.greet().await;
        fake
    };
    let (connection, fake) = open(Opening::Handshake, limits, pipe_bytes, greet).await;
    (opened(connection), fake)
}

/// The connection, which must be one.
pub fn opened(connection: Result<Connection, Unopened>) -> Connection {
    match connection {
        Ok(connection) => connection,
        Err(Unopened::Failed(problem)) => panic!("{problem}"),
        Err(Unopened::NotThisWay(why)) => panic!("{why}"),
    }
}

/// Nothing ends the attempt.
pub fn never() -> impl Future<Output = BackendError> {
    std::future::pending()
}
