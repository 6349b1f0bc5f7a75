//! A meter without limits, in memory.

use std::sync::{Arc, Mutex, PoisonError};

use baton_core::budget::Amounts;

use crate::backend::{Asked, BackendFuture, LetGo, Meter, Turn};

/// A meter that grants every call and keeps what was said: for tests, and for agents outside of any
/// run. Clones are the same meter.
#[derive(Clone, Debug, Default)]
pub struct FreeMeter {
    kept: Arc<Mutex<Kept>>,
}

#[derive(Debug, Default)]
struct Kept {
    asked: Vec<Asked>,
    turns: Vec<Turn>,
}

impl FreeMeter {
    /// A meter that has seen nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A meter that has these turns on record.
    #[must_use]
    pub fn with(turns: Vec<Turn>) -> Self {
        let meter = Self::new();
        meter.kept().turns = turns;
        meter
    }

    /// Every call that was announced, in order.
    #[must_use]
    pub fn asked(&self) -> Vec<Asked> {
        self.kept().asked.clone()
    }

    /// What every call came to, in order.
    #[must_use]
    pub fn settled(&self) -> Vec<Turn> {
        self.kept().turns.clone()
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Meter for FreeMeter {
    fn turns(&self) -> Vec<Arc<[u8]>> {
        self.kept().turns.iter().filter_map(|turn| turn.content.clone()).collect()
    }

    fn reserve(&self, call: Asked) -> BackendFuture<'static, Result<(), LetGo>> {
        self.kept().asked.push(call);
        Box::pin(async { Ok(()) })
    }

    fn settle(&self, turn: Turn) -> BackendFuture<'static, ()> {
        self.kept().turns.push(turn);
        Box::pin(async {})
    }

    fn left(&self) -> Amounts {
        Amounts::default()
    }
}
