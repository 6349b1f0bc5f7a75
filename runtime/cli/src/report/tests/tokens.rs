//! A small reader of HTML as browsers read it, strict enough to show that nothing broke out: only
//! elements and attributes that the page may have, each end where it belongs.

/// A piece of a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Token {
    /// `<name attribute="value">`.
    Begin(String, Vec<(String, String)>),
    /// `</name>`.
    End(String),
    /// Text, with its entities read.
    Text(String),
}

/// Elements that have no end.
const VOID: [&str; 2] = ["meta", "br"];

/// The tokens of a page.
///
/// # Panics
/// When it is no page that can be read in one way only.
pub fn tokens(page: &str) -> Vec<Token> {
    let mut rest = page.strip_prefix("<!doctype html>").expect("it begins as a page");
    let mut tokens = Vec::new();
    while !rest.is_empty() {
        if let Some(tag) = rest.strip_prefix('<') {
            // A sign for a greater one stands only at the end of a tag: values have none.
            let end = tag.find('>').expect("a tag ends");
            let inside = tag.get(..end).unwrap();
            rest = tag.get(end + 1..).unwrap();
            assert!(!inside.starts_with(['!', '?']), "no comments and no declarations: {inside}");
            let Some(name) = inside.strip_prefix('/') else {
                tokens.push(begin(inside));
                if inside == "style" {
                    // What stands in it is no text.
                    let end = rest.find("</").expect("a style ends");
                    assert!(rest.get(end..).unwrap().starts_with("</style>"));
                    tokens.push(Token::Text(rest.get(..end).unwrap().into()));
                    rest = rest.get(end..).unwrap();
                }
                continue;
            };
            tokens.push(Token::End(name.into()));
            continue;
        }
        let end = rest.find('<').unwrap_or(rest.len());
        tokens.push(Token::Text(decoded(rest.get(..end).unwrap())));
        rest = rest.get(end..).unwrap();
    }
    tokens
}

fn begin(inside: &str) -> Token {
    let (name, mut rest) = inside.split_once(' ').unwrap_or((inside, ""));
    assert!(name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit()), "{name}");
    let mut attributes = Vec::new();
    while !rest.is_empty() {
        let (name, after) = rest.split_once("=\"").unwrap_or_else(|| panic!("{inside}"));
        let (value, after) = after.split_once('"').unwrap_or_else(|| panic!("{inside}"));
        attributes.push((name.trim().to_owned(), decoded(value)));
        rest = after;
        assert!(rest.is_empty() || rest.starts_with(' '), "{inside}");
    }
    Token::Begin(name.into(), attributes)
}

/// A text with its entities read. There are only those that the writer writes.
fn decoded(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        out.push_str(rest.get(..at).unwrap());
        let tail = rest.get(at..).unwrap();
        let (entity, sign) = [
            ("&amp;", '&'),
            ("&lt;", '<'),
            ("&gt;", '>'),
            ("&quot;", '"'),
            ("&#39;", '\''),
            ("&#43;", '+'),
        ]
        .into_iter()
        .find(|(entity, _)| tail.starts_with(entity))
        .unwrap_or_else(|| panic!("no entity: {tail:.20}"));
        out.push(sign);
        rest = tail.get(entity.len()..).unwrap();
    }
    out + rest
}

/// Elements that a page may have.
const ELEMENTS: [&str; 37] = [
    "html", "head", "meta", "title", "style", "body", "main", "header", "nav", "section", "footer",
    "h1", "h2", "h3", "h4", "p", "a", "div", "span", "ul", "li", "pre", "code", "table", "thead",
    "tbody", "tr", "th", "td", "details", "summary", "svg", "rect", "dl", "dt", "dd", "br",
];
/// Attributes that they may have.
const ATTRIBUTES: [&str; 15] = [
    "lang",
    "charset",
    "http-equiv",
    "content",
    "name",
    "class",
    "id",
    "href",
    "title",
    "open",
    "viewBox",
    "preserveAspectRatio",
    "x",
    "y",
    "width",
];

/// Checks every element and attribute, and that each element ends where it should.
///
/// # Panics
/// When something is there that must not be.
pub fn check(tokens: &[Token]) {
    let mut open: Vec<&str> = Vec::new();
    for token in tokens {
        match token {
            Token::Begin(name, attributes) => {
                assert!(ELEMENTS.contains(&name.as_str()), "<{name}>");
                for (attribute, value) in attributes {
                    let known = ATTRIBUTES.contains(&attribute.as_str()) || attribute == "height";
                    assert!(known, "<{name} {attribute}>");
                    if attribute == "href" {
                        assert!(value.starts_with('#'), "a link leads out of the page: {value}");
                        assert!(
                            value.bytes().skip(1).all(|b| b.is_ascii_alphanumeric() || b == b'-')
                        );
                    }
                }
                if !VOID.contains(&name.as_str()) {
                    open.push(name);
                }
            }
            Token::End(name) => assert_eq!(open.pop(), Some(name.as_str()), "{open:?}"),
            Token::Text(_) => {}
        }
    }
    assert!(open.is_empty(), "{open:?}");
}

/// All text of a page, its style left out.
pub fn text(tokens: &[Token]) -> String {
    let mut out = String::new();
    let mut style = false;
    for token in tokens {
        match token {
            Token::Begin(name, _) => style = name == "style",
            Token::Text(text) if !style => out.push_str(text),
            Token::End(name)
                if ["td", "th", "p", "li", "div", "h2", "h3", "h4", "pre", "summary"]
                    .contains(&name.as_str()) =>
            {
                out.push('\n');
            }
            _ => {}
        }
    }
    out
}
