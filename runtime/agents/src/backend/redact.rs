//! Secrets taken out of texts, whole or in pieces.

use std::sync::Arc;

/// What takes something out of a text.
type RedactFn = dyn Fn(&str) -> String + Send + Sync;

/// What takes something out of a text that comes in pieces, and brings what is certain by now; given
/// no piece, it brings the rest.
pub type InPieces = Box<dyn FnMut(Option<&str>) -> String + Send>;

/// Takes the run's secrets out of texts.
#[derive(Clone, Default)]
pub struct Redact {
    whole: Option<Arc<RedactFn>>,
    pieces: Option<Arc<dyn Fn() -> InPieces + Send + Sync>>,
}

impl Redact {
    /// With this function. The default takes nothing out.
    #[must_use]
    pub fn new(function: impl Fn(&str) -> String + Send + Sync + 'static) -> Self {
        Self { whole: Some(Arc::new(function)), pieces: None }
    }

    /// The same with what begins to take secrets out of a text that comes in pieces, wherever it is cut.
    /// Without it, every piece is taken for a whole text.
    #[must_use]
    pub fn in_pieces(self, begin: impl Fn() -> InPieces + Send + Sync + 'static) -> Self {
        Self { pieces: Some(Arc::new(begin)), ..self }
    }

    /// The text without secrets.
    #[must_use]
    pub fn text(&self, text: &str) -> String {
        self.whole.as_ref().map_or_else(|| text.to_owned(), |function| function(text))
    }

    /// Begins with a text that comes in pieces.
    #[must_use]
    pub fn begin(&self) -> InPieces {
        match &self.pieces {
            Some(begin) => begin(),
            None => {
                let redact = self.clone();
                Box::new(move |piece| piece.map(|piece| redact.text(piece)).unwrap_or_default())
            }
        }
    }
}
