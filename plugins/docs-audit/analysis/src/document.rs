//! A Markdown file taken apart.

use std::ops::Range;

use pulldown_cmark::{BrokenLink, Event, LinkType, Options, Parser, Tag, TagEnd};

use crate::report::Lines;
use crate::text::LineIndex;

/// Where a reference stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// `[text](target)`, `![text](target)` or `<target>`.
    Inline,
    /// `[label]: target`.
    Definition,
    /// `href` or `src` of an HTML tag.
    Html,
}

/// A reference to something.
#[derive(Clone, Debug)]
pub struct Link {
    pub target: String,
    pub form: Form,
    pub range: Range<usize>,
}

/// What a block of text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BlockKind {
    Heading,
    Paragraph,
    Item,
}

/// A block of running text.
#[derive(Clone, Debug)]
pub struct Block {
    pub kind: BlockKind,
    /// Text as it is shown, without markup.
    pub plain: String,
    /// The same with code spans between backticks.
    pub marked: String,
    /// Bytes of `plain` that are text of links.
    pub linked: usize,
    pub range: Range<usize>,
}

/// A table.
#[derive(Clone, Debug, Default)]
pub struct Table {
    pub header: Vec<String>,
    pub rows: Vec<(Vec<String>, Range<usize>)>,
}

/// A Markdown file taken apart.
pub struct Document<'a> {
    pub text: &'a str,
    pub blocks: Vec<Block>,
    pub links: Vec<Link>,
    pub tables: Vec<Table>,
    /// `[text][label]` where nothing defines the label, with the label.
    pub undefined: Vec<(String, Range<usize>)>,
    index: LineIndex,
}

impl<'a> Document<'a> {
    pub fn new(text: &'a str) -> Self {
        let options = Options::ENABLE_TABLES
            | Options::ENABLE_FOOTNOTES
            | Options::ENABLE_STRIKETHROUGH
            | Options::ENABLE_TASKLISTS
            | Options::ENABLE_HEADING_ATTRIBUTES
            | Options::ENABLE_YAML_STYLE_METADATA_BLOCKS
            | Options::ENABLE_PLUSES_DELIMITED_METADATA_BLOCKS
            | Options::ENABLE_GFM;
        let mut undefined = Vec::new();
        let note = |broken: BrokenLink<'a>| {
            if broken.link_type == LinkType::Reference {
                undefined.push((broken.reference.to_string(), broken.span));
            }
            None
        };
        let parser = Parser::new_with_broken_link_callback(text, options, Some(note));
        let mut links: Vec<Link> = parser
            .reference_definitions()
            .iter()
            .map(|(_, definition)| Link {
                target: definition.dest.to_string(),
                form: Form::Definition,
                range: definition.span.clone(),
            })
            .collect();
        let mut walk = Walk::default();
        for (event, range) in parser.into_offset_iter() {
            walk.event(event, range);
        }
        links.append(&mut walk.links);
        for range in &walk.html {
            links.extend(html_links(text, range.clone()));
        }
        links.sort_by_key(|link| (link.range.start, link.range.end));
        undefined.sort_by_key(|(_, range)| range.start);
        undefined.dedup();
        let index = LineIndex::new(text);
        Self { text, blocks: walk.blocks, links, tables: walk.tables, undefined, index }
    }

    pub fn lines(&self, range: &Range<usize>) -> Lines {
        self.index.lines(range)
    }

    pub fn slice(&self, range: &Range<usize>) -> &'a str {
        self.text.get(range.clone()).unwrap_or_default()
    }
}

/// State of the walk over the parser's events.
#[derive(Default)]
struct Walk {
    blocks: Vec<Block>,
    links: Vec<Link>,
    tables: Vec<Table>,
    html: Vec<Range<usize>>,
    open: Option<Block>,
    link_depth: usize,
    image_depth: usize,
    silent: bool,
    cell: Option<String>,
    row: Vec<String>,
}

impl Walk {
    fn event(&mut self, event: Event<'_>, range: Range<usize>) {
        match event {
            Event::Start(tag) => self.start(tag, range),
            Event::End(tag) => self.end(tag, range),
            Event::Text(text) => self.text(&text, false, range),
            Event::Code(text) => self.text(&text, true, range),
            Event::SoftBreak | Event::HardBreak => self.text(" ", false, range),
            Event::InlineHtml(_) | Event::Html(_) => self.html.push(range),
            Event::InlineMath(text) | Event::DisplayMath(text) => self.text(&text, false, range),
            Event::FootnoteReference(_) | Event::Rule | Event::TaskListMarker(_) => {}
        }
    }

    fn begin(&mut self, kind: BlockKind) {
        self.flush();
        let (plain, marked) = (String::new(), String::new());
        self.open = Some(Block {
            kind,
            plain,
            marked,
            linked: 0,
            range: Range { start: usize::MAX, end: 0 },
        });
    }

    fn flush(&mut self) {
        if let Some(block) = self.open.take()
            && !block.plain.trim().is_empty()
        {
            self.blocks.push(block);
        }
    }

    fn start(&mut self, tag: Tag<'_>, range: Range<usize>) {
        match tag {
            Tag::Heading { .. } => self.begin(BlockKind::Heading),
            Tag::Paragraph => {
                let in_item = matches!(&self.open, Some(block) if block.kind == BlockKind::Item);
                self.begin(if in_item { BlockKind::Item } else { BlockKind::Paragraph });
            }
            Tag::Item => self.begin(BlockKind::Item),
            Tag::CodeBlock(_) | Tag::MetadataBlock(_) => {
                self.flush();
                self.silent = true;
            }
            Tag::List(_) | Tag::BlockQuote(_) | Tag::HtmlBlock => self.flush(),
            Tag::FootnoteDefinition(_) => self.flush(),
            Tag::Table(_) => {
                self.flush();
                self.tables.push(Table::default());
            }
            Tag::TableHead | Tag::TableRow => self.row.clear(),
            Tag::TableCell => self.cell = Some(String::new()),
            Tag::Strong | Tag::Emphasis | Tag::Strikethrough => self.extend(&range),
            Tag::Link { link_type, dest_url, .. } => {
                self.link_depth += 1;
                self.extend(&range);
                self.link(link_type, &dest_url, range);
            }
            Tag::Image { link_type, dest_url, .. } => {
                self.image_depth += 1;
                self.link(link_type, &dest_url, range);
            }
            _ => {}
        }
    }

    fn end(&mut self, tag: TagEnd, range: Range<usize>) {
        match tag {
            TagEnd::Heading(_) | TagEnd::Paragraph | TagEnd::Item => self.flush(),
            TagEnd::CodeBlock | TagEnd::MetadataBlock(_) => self.silent = false,
            TagEnd::Link => self.link_depth = self.link_depth.saturating_sub(1),
            TagEnd::Image => self.image_depth = self.image_depth.saturating_sub(1),
            TagEnd::TableCell => self.row.extend(self.cell.take()),
            TagEnd::TableHead => {
                if let Some(table) = self.tables.last_mut() {
                    table.header = std::mem::take(&mut self.row);
                }
            }
            TagEnd::TableRow => {
                if let Some(table) = self.tables.last_mut() {
                    table.rows.push((std::mem::take(&mut self.row), range));
                }
            }
            _ => {}
        }
    }

    /// Definitions are recorded where they stand, not where they are used.
    fn link(&mut self, link_type: LinkType, target: &str, range: Range<usize>) {
        if matches!(link_type, LinkType::Inline | LinkType::Autolink) {
            self.links.push(Link { target: target.into(), form: Form::Inline, range });
        }
    }

    fn text(&mut self, text: &str, code: bool, range: Range<usize>) {
        if self.silent || self.image_depth > 0 {
            return;
        }
        if let Some(cell) = &mut self.cell {
            push(cell, text, code);
            return;
        }
        let Some(block) = &mut self.open else { return };
        block.plain.push_str(text);
        push(&mut block.marked, text, code);
        if self.link_depth > 0 {
            block.linked += text.len();
        }
        self.extend(&range);
    }

    /// Markup belongs to the text it stands around.
    fn extend(&mut self, range: &Range<usize>) {
        if let Some(block) = &mut self.open
            && self.image_depth == 0
            && !self.silent
        {
            block.range.start = block.range.start.min(range.start);
            block.range.end = block.range.end.max(range.end);
        }
    }
}

fn push(marked: &mut String, text: &str, code: bool) {
    if code {
        marked.push('`');
        marked.push_str(text);
        marked.push('`');
    } else {
        marked.push_str(text);
    }
}

/// `href` and `src` of the tags in a piece of HTML, comments passed over.
fn html_links(text: &str, range: Range<usize>) -> Vec<Link> {
    let mut links = Vec::new();
    let mut at = range.start;
    while let Some(open) = text.get(at..range.end).and_then(|rest| rest.find('<')) {
        let start = at + open;
        let rest = text.get(start..range.end).unwrap_or_default();
        if rest.starts_with("<!--") {
            let Some(end) = rest.find("-->") else { break };
            at = start + end + 3;
            continue;
        }
        let Some(end) = rest.find('>') else { break };
        let tag = rest.get(..=end).unwrap_or_default();
        let name: String =
            tag.chars().skip(1).take_while(char::is_ascii_alphanumeric).collect::<String>();
        let wanted: &[&str] = match name.to_ascii_lowercase().as_str() {
            "a" => &["href"],
            "img" => &["src"],
            _ => &[],
        };
        for attribute in wanted {
            if let Some(target) = attribute_value(tag, attribute) {
                let target = target.replace("&amp;", "&");
                links.push(Link { target, form: Form::Html, range: start..start + end + 1 });
            }
        }
        at = start + end + 1;
    }
    links
}

/// The quoted value of an attribute of a tag.
pub fn attribute_value<'a>(tag: &'a str, attribute: &str) -> Option<&'a str> {
    let lower = tag.to_ascii_lowercase();
    let mut from = 0;
    while let Some(found) = lower.get(from..)?.find(attribute) {
        let at = from + found;
        from = at + attribute.len();
        if !lower.as_bytes().get(at.checked_sub(1)?)?.is_ascii_whitespace() {
            continue;
        }
        let rest = tag.get(from..)?.trim_start();
        let Some(rest) = rest.strip_prefix('=') else {
            continue;
        };
        let rest = rest.trim_start();
        let quote = rest.chars().next().filter(|c| matches!(c, '"' | '\''))?;
        return rest.get(1..)?.split(quote).next().map(str::trim);
    }
    None
}
