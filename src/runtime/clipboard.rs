//! Text into the terminal's clipboard by OSC 52, which works over ssh.

use crossterm::QueueableCommand;
use crossterm::clipboard::CopyToClipboard;

/// The bytes that copy a text.
pub(super) fn copy(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    // Writing to memory does not fail.
    bytes.queue(CopyToClipboard::to_clipboard_from(text)).map(drop).ok();
    bytes
}

#[cfg(test)]
mod tests {
    #[test]
    fn text_is_wrapped_so_that_none_of_it_is_a_control_sequence() {
        assert_eq!(super::copy("30 / 70\x1b[2J"), b"\x1b]52;c;MzAgLyA3MBtbMko=\x1b\\");
    }
}
