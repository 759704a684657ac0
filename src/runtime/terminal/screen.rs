//! Frames as the bytes that change what is shown into what is to be shown.

use std::io::{self, Write};

use crossterm::QueueableCommand;
use crossterm::cursor::{Hide, MoveTo, Show};
use crossterm::terminal::{BeginSynchronizedUpdate, Clear, ClearType, EndSynchronizedUpdate};
use ratatui::backend::{Backend, CrosstermBackend};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

/// What stands on the terminal, as far as it was handed over.
#[derive(Debug, Default)]
pub struct Screen {
    shown: Buffer,
    /// The picture before, to be drawn on again: it is a quarter of a megabyte that need not be asked for sixty times a second.
    spare: Buffer,
    cursor: Option<Position>,
    /// Whether what stands there is not known: the next frame draws everything.
    is_stale: bool,
    /// Bytes beside the frame that go out before it: a bell, the clipboard, mouse modes.
    aside: Vec<u8>,
}

impl Screen {
    /// Nothing is known of what stands on the terminal.
    pub fn new() -> Self {
        Self { is_stale: true, ..Self::default() }
    }

    /// The next frame draws everything.
    pub fn forget(&mut self) {
        self.is_stale = true;
    }

    /// Bytes that go out before the next frame. They must move nothing on the screen.
    pub fn aside(&mut self, bytes: &[u8]) {
        self.aside.extend_from_slice(bytes);
    }

    /// An empty picture for a terminal of this size.
    pub fn blank(&mut self, size: (u16, u16)) -> Buffer {
        let mut buffer = std::mem::take(&mut self.spare);
        let area = Self::area(size);
        if buffer.area == area {
            buffer.reset();
            buffer
        } else {
            Buffer::empty(area)
        }
    }

    /// Whether there is something to hand over beside a changed picture.
    pub fn is_urgent(&self) -> bool {
        self.is_stale || !self.aside.is_empty()
    }

    /// The bytes of a frame, none when it already stands there; from here on it counts as shown, so it must be handed over.
    ///
    /// # Errors
    /// Never with a buffer in memory; the terminal library's signature says otherwise.
    pub fn frame(&mut self, next: Buffer, cursor: Option<Position>) -> io::Result<Vec<u8>> {
        let is_whole = self.is_stale || self.shown.area != next.area;
        if !is_whole && self.aside.is_empty() && cursor == self.cursor && next.content == self.shown.content {
            self.spare = next;
            return Ok(Vec::new());
        }
        let mut bytes = std::mem::take(&mut self.aside);
        bytes.queue(BeginSynchronizedUpdate)?;
        if is_whole {
            bytes.queue(Hide)?.queue(Clear(ClearType::All))?;
            self.shown = Buffer::empty(next.area);
            self.cursor = None;
            self.is_stale = false;
        }
        let changed = self.shown.diff(&next);
        if !changed.is_empty() {
            if self.cursor.take().is_some() {
                bytes.queue(Hide)?;
            }
            CrosstermBackend::new(&mut bytes).draw(changed.into_iter())?;
        }
        if cursor != self.cursor {
            match cursor {
                Some(Position { x, y }) => bytes.queue(MoveTo(x, y))?.queue(Show)?,
                None => bytes.queue(Hide)?,
            };
            self.cursor = cursor;
        }
        bytes.queue(EndSynchronizedUpdate)?;
        bytes.flush()?;
        self.spare = std::mem::replace(&mut self.shown, next);
        Ok(bytes)
    }

    /// The area of a terminal of this size.
    pub fn area((columns, rows): (u16, u16)) -> Rect {
        Rect::new(0, 0, columns, rows)
    }
}

#[cfg(test)]
mod tests {
    use ratatui::style::Style;

    use super::*;

    fn buffer(text: &str) -> Buffer {
        let mut buffer = Buffer::empty(Screen::area((20, 2)));
        buffer.set_string(0, 0, text, Style::new());
        buffer
    }

    fn parser() -> vt100::Parser {
        let size = |cells| std::num::NonZero::new(cells).expect("there are cells");
        vt100::Parser::new(size(2), size(20), 0)
    }

    fn picture(parser: &mut vt100::Parser, bytes: &[u8]) -> String {
        parser.process(bytes);
        parser.screen().contents()
    }

    #[test]
    fn a_frame_changes_only_what_differs() {
        let mut parser = parser();
        let mut screen = Screen::new();
        let first = screen.frame(buffer("blue 30 green 70"), None).expect("memory does not fail");
        assert_eq!(picture(&mut parser, &first), "blue 30 green 70");
        let second = screen.frame(buffer("blue 50 green 50"), None).expect("memory does not fail");
        assert!(!String::from_utf8_lossy(&second).contains("green"), "{second:?}");
        assert_eq!(picture(&mut parser, &second), "blue 50 green 50");
    }

    #[test]
    fn a_frame_that_already_stands_there_takes_no_byte() {
        let mut screen = Screen::new();
        assert!(!screen.frame(buffer("same"), None).expect("memory does not fail").is_empty());
        assert!(screen.frame(buffer("same"), None).expect("memory does not fail").is_empty());
        screen.aside(b"\x07");
        assert!(!screen.frame(buffer("same"), None).expect("memory does not fail").is_empty());
    }

    #[test]
    fn a_blank_picture_holds_nothing_of_the_one_before() {
        let mut screen = Screen::new();
        for text in ["one", "one", "two"] {
            screen.frame(buffer(text), None).expect("memory does not fail");
            assert_eq!(screen.blank((20, 2)), Buffer::empty(Screen::area((20, 2))));
        }
        assert_eq!(screen.blank((9, 3)), Buffer::empty(Screen::area((9, 3))));
    }

    #[test]
    fn a_forgotten_screen_is_drawn_whole() {
        let mut screen = Screen::new();
        screen.frame(buffer("same"), None).expect("memory does not fail");
        screen.forget();
        let again = screen.frame(buffer("same"), None).expect("memory does not fail");
        assert!(String::from_utf8_lossy(&again).contains("same"));
    }

    #[test]
    fn the_cursor_is_shown_where_text_is_typed_and_nowhere_else() {
        let mut parser = parser();
        let mut screen = Screen::new();
        let typing = screen.frame(buffer("ab"), Some(Position::new(2, 0))).expect("memory does not fail");
        parser.process(&typing);
        assert!(!parser.screen().hide_cursor() && parser.screen().cursor_position() == (0, 2));
        let done = screen.frame(buffer("ab"), None).expect("memory does not fail");
        parser.process(&done);
        assert!(parser.screen().hide_cursor());
    }

    #[test]
    fn what_goes_beside_the_frame_goes_once() {
        let mut screen = Screen::new();
        screen.aside(b"\x07");
        assert!(screen.frame(buffer("a"), None).expect("memory does not fail").starts_with(b"\x07"));
        assert!(!screen.frame(buffer("a"), None).expect("memory does not fail").contains(&7));
    }
}
