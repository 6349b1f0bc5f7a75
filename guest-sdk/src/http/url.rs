//! As much of URLs as sending a request and following a redirect takes.

/// An absolute URL of HTTP, taken apart. A fragment is not part of it: nobody sends one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Url {
    pub(super) secure: bool,
    /// Host and, where it is named, port.
    pub(super) authority: String,
    /// Begins with `/`.
    pub(super) path: String,
    /// Behind the `?`.
    pub(super) query: Option<String>,
}

impl Url {
    /// Takes a URL apart; none when it is not one of `http` or `https`, or when it names a user.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (scheme, rest) = text.split_once("://")?;
        let secure = match scheme.to_ascii_lowercase().as_str() {
            "http" => false,
            "https" => true,
            _ => return None,
        };
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, rest) = rest.split_at(end);
        let odd = |byte: u8| byte <= b' ' || byte == 0x7f || byte == b'@' || byte == b'\\';
        if authority.is_empty() || authority.bytes().any(odd) {
            return None;
        }
        let (path, query) = path_and_query(rest);
        let path = if path.is_empty() { "/".to_owned() } else { path };
        Some(Self { secure, authority: authority.to_ascii_lowercase(), path, query })
    }

    /// What a `location` in the answer to this URL leads to.
    pub(super) fn join(&self, location: &str) -> Option<Self> {
        let location = location.trim();
        if location.split_once("://").is_some_and(|(scheme, _)| !scheme.contains(['/', '?', '#'])) {
            return Self::parse(location);
        }
        if location.starts_with("//") {
            return Self::parse(&format!("{}:{location}", self.scheme()));
        }
        let (path, query) = path_and_query(location);
        let path = if path.is_empty() {
            let query = query.or_else(|| self.query.clone());
            return Some(Self { query, ..self.clone() });
        } else if path.starts_with('/') {
            path
        } else {
            let folder = self.path.rsplit_once('/').map_or("", |(folder, _)| folder);
            format!("{folder}/{path}")
        };
        Some(Self { path: without_dots(&path), query, ..self.clone() })
    }

    fn scheme(&self) -> &'static str {
        if self.secure { "https" } else { "http" }
    }

    /// Path and query as they are sent.
    pub(super) fn target(&self) -> String {
        match &self.query {
            Some(query) => format!("{}?{query}", self.path),
            None => self.path.clone(),
        }
    }

    /// Whether both are of the same scheme, host and port.
    pub(super) fn same_origin(&self, other: &Self) -> bool {
        let port = |url: &Self| match url.authority.rsplit_once(':') {
            Some((host, port)) if !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit()) => {
                (host.to_owned(), port.to_owned())
            }
            _ => (
                url.authority.trim_end_matches(':').to_owned(),
                if url.secure { "443" } else { "80" }.to_owned(),
            ),
        };
        self.secure == other.secure && port(self) == port(other)
    }
}

impl std::fmt::Display for Url {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}://{}{}", self.scheme(), self.authority, self.target())
    }
}

fn path_and_query(text: &str) -> (String, Option<String>) {
    let text = text.split_once('#').map_or(text, |(text, _)| text);
    match text.split_once('?') {
        Some((path, query)) => (path.to_owned(), Some(query.to_owned())),
        None => (text.to_owned(), None),
    }
}

/// A path that begins with `/`, its `.` and `..` resolved.
fn without_dots(path: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    let parts: Vec<&str> = path.split('/').skip(1).collect();
    let last = parts.len().saturating_sub(1);
    for (index, part) in parts.into_iter().enumerate() {
        match part {
            "." | ".." => {
                if part == ".." {
                    kept.pop();
                }
                if index == last {
                    kept.push("");
                }
            }
            other => kept.push(other),
        }
    }
    format!("/{}", kept.join("/"))
}
