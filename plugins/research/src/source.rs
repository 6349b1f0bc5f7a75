//! Whether sources say what is quoted from them.

use std::collections::BTreeMap;

use baton_guest::prelude::*;
use baton_quotes::lines_of;
use serde::Deserialize;
use serde_json::json;

use crate::claim::Source;

/// Name of the tool that opens pages.
pub const FETCH: &str = "http/fetch";
/// Pages that are opened again to look for quotes.
const PAGES_MAX: usize = 100;
/// Bytes of a page that are looked at.
const PAGE_BYTES: u32 = 512 << 10;

#[derive(Deserialize)]
struct Page {
    status: u16,
    #[serde(default)]
    text: String,
}

/// Texts of sources, each opened once.
pub struct Library {
    cx: Cx,
    web: bool,
    pages: BTreeMap<String, Result<String, String>>,
}

impl Library {
    /// Sources of this run.
    pub fn new(cx: &Cx, web: bool) -> Self {
        Self { cx: cx.clone(), web, pages: BTreeMap::new() }
    }

    /// Whether pages may be sources.
    pub fn web(&self) -> bool {
        self.web
    }

    /// Opens the pages among sources that were not opened before, all at once.
    pub async fn open<'a>(&mut self, sources: impl Iterator<Item = &'a Source>) {
        let mut wanted: Vec<&str> = sources
            .filter(|source| source.is_page() && !self.pages.contains_key(&source.place))
            .map(|source| source.place.as_str())
            .collect();
        wanted.sort_unstable();
        wanted.dedup();
        if !self.web {
            return;
        }
        let room = PAGES_MAX.saturating_sub(self.pages.len());
        let calls = wanted.iter().take(room).map(|url| {
            let asked = json!({ "url": url, "show": "plain", "bytes_max": PAGE_BYTES });
            self.cx.tool(FETCH, &asked).output::<Page>().label(url)
        });
        let answers = join_all(calls.collect::<Vec<_>>()).await;
        for (url, answer) in wanted.into_iter().zip(answers) {
            let text = match answer {
                Ok(page) if page.status == 200 => Ok(page.text),
                Ok(page) => Err(format!("it answers with status {}", page.status)),
                Err(error) => Err(error.to_string()),
            };
            self.pages.insert(url.to_owned(), text);
        }
    }

    /// Looks a quote up; a source that is a file gets the line where it stands.
    ///
    /// # Errors
    /// Why the source does not say it, in words.
    pub fn find(&self, source: &Source) -> Result<Source, String> {
        if source.is_page() {
            let text = match self.pages.get(&source.place) {
                Some(text) => text.as_ref().map_err(Clone::clone)?,
                None => return Err("the page was not opened".into()),
            };
            return if words(text).contains(&words(&source.quote))
                && !words(&source.quote).is_empty()
            {
                Ok(Source { line: 0, ..source.clone() })
            } else {
                Err("the page does not hold the quote".into())
            };
        }
        let text = self.cx.files().read_text(&source.place).map_err(|error| error.message)?;
        match lines_of(&text, &source.quote, source.line) {
            Some((line, _)) => Ok(Source { line, ..source.clone() }),
            None => Err("the file does not hold the quote".into()),
        }
    }
}

/// The words of a text, white space and marks of emphasis apart.
fn words(text: &str) -> String {
    let plain: String = text.chars().filter(|c| !matches!(c, '*' | '_' | '`')).collect();
    plain.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}
