//! HTML that nothing can break out of: names of elements and attributes are written in this program,
//! everything else is text, and links lead only to places of the same page.

use baton_core::ids::TaskPath;

use crate::text::clean;

/// A place of the page that others link to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Anchor(String);

impl Anchor {
    /// The place of a task.
    #[must_use]
    pub fn of(task: &TaskPath) -> Self {
        // Digits and strokes alone.
        Self(format!("task-{}", task.to_string().replace('/', "-")))
    }

    /// A place with a fixed name.
    #[must_use]
    pub fn named(name: &'static str) -> Self {
        Self(name.into())
    }
}

/// An attribute. There is none whose value could be a script, a style or an address.
#[derive(Clone, Copy, Debug)]
pub enum At<'a> {
    /// A name and a value that are both written in this program.
    Fixed(&'static str, &'static str),
    /// A number.
    Number(&'static str, u64),
    /// The place that others link to.
    Id(&'a Anchor),
    /// A link to a place of this page.
    Link(&'a Anchor),
    /// Text that is shown when somebody points at the element.
    Hint(&'a str),
}

/// A page, or a part of one, under construction.
#[derive(Clone, Debug, Default)]
pub struct Html {
    out: String,
}

impl Html {
    /// What was written.
    #[must_use]
    pub fn finish(self) -> String {
        self.out
    }

    /// Text. Whatever it holds, it stays text; control characters and marks that reorder it are left
    /// out.
    pub fn text(&mut self, text: &str) -> &mut Self {
        for letter in clean(text).chars() {
            match letter {
                '&' => self.out.push_str("&amp;"),
                '<' => self.out.push_str("&lt;"),
                '>' => self.out.push_str("&gt;"),
                '"' => self.out.push_str("&quot;"),
                '\'' => self.out.push_str("&#39;"),
                other => self.out.push(other),
            }
        }
        self
    }

    /// An element with what `inside` writes.
    pub fn element(
        &mut self,
        name: &'static str,
        attributes: &[At<'_>],
        inside: impl FnOnce(&mut Self),
    ) -> &mut Self {
        self.begin(name, attributes);
        inside(self);
        self.out.push_str("</");
        self.out.push_str(name);
        self.out.push('>');
        if matches!(name, "p" | "tr" | "table" | "section" | "details" | "li" | "div" | "svg") {
            self.out.push('\n');
        }
        self
    }

    /// An element of a class, which may be none, with what `inside` writes.
    pub fn of(
        &mut self,
        name: &'static str,
        class: &'static str,
        inside: impl FnOnce(&mut Self),
    ) -> &mut Self {
        self.element(name, &[At::Fixed("class", class)], inside)
    }

    /// An element with text alone.
    pub fn line(&mut self, name: &'static str, class: &'static str, text: &str) -> &mut Self {
        self.of(name, class, |html| {
            html.text(text);
        })
    }

    /// A part of the page that was written in this program.
    pub fn fixed(&mut self, markup: &'static str) -> &mut Self {
        self.out.push_str(markup);
        self
    }

    fn begin(&mut self, name: &'static str, attributes: &[At<'_>]) {
        self.out.push('<');
        self.out.push_str(name);
        for attribute in attributes {
            match attribute {
                At::Fixed("class", "") => {}
                At::Fixed(name, value) => self.attribute(name, value),
                At::Number(name, number) => self.attribute(name, &number.to_string()),
                At::Id(Anchor(place)) => self.attribute("id", place),
                At::Link(Anchor(place)) => self.attribute("href", &format!("#{place}")),
                At::Hint(text) => self.attribute("title", text),
            }
        }
        self.out.push('>');
    }

    fn attribute(&mut self, name: &'static str, value: &str) {
        self.out.push(' ');
        self.out.push_str(name);
        self.out.push_str("=\"");
        self.text(value);
        self.out.push('"');
    }
}
