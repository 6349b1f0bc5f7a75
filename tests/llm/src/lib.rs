//! A provider of models that says what a test tells it to.
//!
//! It speaks the protocols of five APIs on loopback, plain and streamed, takes any key and any
//! model, and answers by a script: a closure over what it was asked. Below HTTP it writes its bytes
//! itself, so that it can break off, stall, lie about lengths and send nonsense at any byte.
//!
//! ```
//! # use baton_test_llm::{FakeLlm, Reply};
//! # tokio::runtime::Runtime::new().unwrap().block_on(async {
//! let server = FakeLlm::start(|seen| match seen.turns {
//!     0 => Reply::call("read_file", serde_json::json!({"path": "README.md"})),
//!     _ => Reply::text("It says hello.").usage(120, 9),
//! })
//! .await
//! .unwrap();
//! assert!(server.url().starts_with("http://127.0.0.1:"));
//! assert_eq!(server.requests(), 0);
//! # });
//! ```

mod absent;
mod body;
mod connection;
mod fault;
mod http;
mod play;
mod reply;
mod rules;
mod seen;
mod server;
mod wire;

pub use absent::{Refusing, TlsGarbage, TlsUntrusted, UNRESOLVABLE};
pub use fault::{Fault, Refusal};
pub use reply::{Finish, Hold, Reply, Say, Usage};
pub use rules::{Call, Rule, RuleError, Script, Told, When};
pub use seen::{Api, Said, Seen};
pub use server::FakeLlm;

#[cfg(test)]
mod tests;
