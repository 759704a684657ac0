//! What hands do at the keys of a cockpit in a terminal.

use std::thread;
use std::time::Duration;

use super::pty::Pty;

/// How often a screen is looked at before the test fails: for a minute in all.
const LOOKS: u32 = 1_000;

/// Between two looks.
const BETWEEN: Duration = Duration::from_millis(60);

impl Pty {
    /// Confirms the open dialog as soon as it offers to; `words` are those of its key line.
    pub fn confirm(&mut self, words: &str) {
        let is_void = |screen: &vt100::Screen| screen.contents().contains("p propose it afresh");
        self.wait_until(words, |screen| screen.contents().contains(words) || is_void(screen));
        if !self.text().contains(words) {
            // What it was based on moved meanwhile: the session's first entry, for one.
            self.send("p");
            self.wait_for(words);
        }
        // A key that comes before the program knows that the dialog was shown confirms nothing, and it says so. A frame may
        // be seen half drawn: the dialog is closed when it is gone twice.
        let mut gone = 0;
        for look in 0..LOOKS {
            let shown = self.text();
            let is_early = look > 0 && shown.contains("press it again");
            gone = if shown.contains(words) { 0 } else { gone + 1 };
            if gone == 2 {
                return;
            }
            if gone == 0 && (look == 0 || (is_early && look % 5 == 0)) {
                self.send("y");
            }
            thread::sleep(BETWEEN);
        }
        panic!("the confirmed dialog does not close; the screen shows:\n{}", self.text());
    }

    /// Confirms the open dialog, and waits until it says why that cannot be.
    pub fn confirm_in_vain(&mut self, words: &str, why: &str) {
        self.wait_for(words);
        for look in 0..LOOKS {
            if self.text().contains(why) {
                return;
            }
            if look % 5 == 0 {
                self.send("y");
            }
            thread::sleep(BETWEEN);
        }
        panic!("it was not refused with `{why}`; the screen shows:\n{}", self.text());
    }

    /// Closes what is open, and waits for it: an Esc with the next key right behind it is another key.
    pub fn escape(&mut self, shown: &str) {
        self.send("\x1b");
        self.wait_until(&format!("`{shown}` to close"), |screen| !screen.contents().contains(shown));
    }

    /// Takes an act from the palette: types a part of its name, and takes it when it stands first.
    pub fn palette(&mut self, text: &str, name: &str) {
        self.send(":");
        self.wait_for("╭ Command");
        self.send(text);
        self.wait_for(&format!("› {name}"));
        self.send("\r");
        self.wait_until("the palette to close", |screen| !screen.contents().contains("╭ Command"));
    }
}
