//! Lines of text on a part of the screen. What lies outside is never touched.

use anstyle::{AnsiColor, Effects, Style as Ansi};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Span};

/// How styles are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Theme {
    /// Whether the terminal may show colours.
    pub colour: bool,
}

impl Theme {
    /// A style of the rest of the command line as one of the screen.
    #[must_use]
    pub fn style(self, style: Ansi) -> Style {
        let mut out = Style::default();
        if let Some(anstyle::Color::Ansi(colour)) = style.get_fg_color().filter(|_| self.colour) {
            out = out.fg(self::colour(colour));
        }
        let effects = style.get_effects();
        for (effect, modifier) in
            [(Effects::BOLD, Modifier::BOLD), (Effects::DIMMED, Modifier::DIM)]
        {
            if effects.contains(effect) {
                out = out.add_modifier(modifier);
            }
        }
        out
    }

    /// A text in a style.
    #[must_use]
    pub fn span(self, style: Ansi, text: impl Into<String>) -> Span<'static> {
        Span::styled(text.into(), self.style(style))
    }

    /// A line that was painted for a terminal. Only styles are understood; the rest was cleaned before.
    #[must_use]
    pub fn line(self, painted: &str) -> Line<'static> {
        let mut spans = Vec::new();
        let mut style = Style::default();
        for (index, part) in painted.split("\x1b[").enumerate() {
            let mut text = part;
            if index > 0
                && let Some((codes, rest)) = part.split_once('m')
            {
                for code in codes.split(';') {
                    style = self.code(style, code);
                }
                text = rest;
            }
            if !text.is_empty() {
                spans.push(Span::styled(text.to_owned(), style));
            }
        }
        Line::from(spans)
    }

    fn code(self, style: Style, code: &str) -> Style {
        let fg = |colour: Color| if self.colour { style.fg(colour) } else { style };
        match code {
            "" | "0" => Style::default(),
            "1" => style.add_modifier(Modifier::BOLD),
            "2" => style.add_modifier(Modifier::DIM),
            "31" => fg(Color::Red),
            "32" => fg(Color::Green),
            "33" => fg(Color::Yellow),
            "36" => fg(Color::Cyan),
            _ => style,
        }
    }
}

fn colour(colour: AnsiColor) -> Color {
    match colour {
        AnsiColor::Red => Color::Red,
        AnsiColor::Green => Color::Green,
        AnsiColor::Yellow => Color::Yellow,
        AnsiColor::Cyan => Color::Cyan,
        _ => Color::Reset,
    }
}

/// A part of the screen.
pub struct Canvas<'a> {
    buffer: &'a mut Buffer,
    /// Where it lies.
    pub area: Rect,
}

impl<'a> Canvas<'a> {
    /// The part of a buffer that lies in `area`.
    pub fn new(buffer: &'a mut Buffer, area: Rect) -> Self {
        let area = area.intersection(buffer.area);
        Self { buffer, area }
    }

    /// A part of it.
    pub fn part(&mut self, area: Rect) -> Canvas<'_> {
        let area = area.intersection(self.area);
        Canvas { buffer: self.buffer, area }
    }

    /// Its columns.
    #[must_use]
    pub fn columns(&self) -> usize {
        usize::from(self.area.width)
    }

    /// Its rows.
    #[must_use]
    pub fn rows(&self) -> usize {
        usize::from(self.area.height)
    }

    /// Writes a line at a row and column of it.
    pub fn line(&mut self, row: usize, column: usize, line: &Line<'_>) {
        let (Ok(row), Ok(column)) = (u16::try_from(row), u16::try_from(column)) else { return };
        if row < self.area.height && column < self.area.width {
            let (x, y) = (self.area.x + column, self.area.y + row);
            self.buffer.set_line(x, y, line, self.area.width - column);
        }
    }

    /// Shows a row of it the other way round, in one colour.
    pub fn reverse(&mut self, row: usize) {
        let Ok(row) = u16::try_from(row) else { return };
        if row < self.area.height {
            let area = Rect { y: self.area.y + row, height: 1, ..self.area };
            let plain = Style::default().fg(Color::Reset).remove_modifier(Modifier::DIM);
            self.buffer.set_style(area, plain.add_modifier(Modifier::REVERSED));
        }
    }

    /// Forgets what was written there.
    pub fn clear(&mut self) {
        for y in self.area.top()..self.area.bottom() {
            for x in self.area.left()..self.area.right() {
                if let Some(cell) = self.buffer.cell_mut((x, y)) {
                    cell.reset();
                }
            }
        }
    }
}
