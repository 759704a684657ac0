//! Messages between this process and `ssh`: a length and bytes, in which numbers are big-endian and texts have a length.
//!
//! The control socket speaks what OpenSSH describes in its `PROTOCOL.mux`; in proxy mode the messages of RFC 4254 follow, each
//! behind one byte for a padding that there is not.

use std::io;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;

/// Longer than any packet that `ssh` passes on.
const LONGEST: u32 = 1024 * 1024;

/// A message being written.
#[derive(Debug, Default)]
pub(super) struct Writer(Vec<u8>);

impl Writer {
    /// A message of the control protocol.
    pub(super) fn control(kind: u32) -> Self {
        Self::default().number(kind)
    }

    /// A message of the connection protocol.
    pub(super) fn connection(kind: u8) -> Self {
        Self(vec![0, kind])
    }

    pub(super) fn number(mut self, number: u32) -> Self {
        self.0.extend_from_slice(&number.to_be_bytes());
        self
    }

    pub(super) fn bytes(self, bytes: &[u8]) -> Self {
        let mut whole = self.number(u32::try_from(bytes.len()).unwrap_or(u32::MAX));
        whole.0.extend_from_slice(bytes);
        whole
    }

    /// Sends the whole message; `ssh` does nothing with a part of one.
    pub(super) async fn send(self, to: &mut UnixStream) -> io::Result<()> {
        to.write_all(&Self::default().bytes(&self.0).0).await
    }
}

/// Waits for one whole message.
pub(super) async fn receive(from: &mut UnixStream) -> io::Result<Vec<u8>> {
    let length = from.read_u32().await?;
    if length > LONGEST {
        return Err(odd());
    }
    let mut packet = vec![0; usize::try_from(length).map_err(|_too_long| odd())?];
    from.read_exact(&mut packet).await?;
    Ok(packet)
}

/// A message being read.
#[derive(Debug)]
pub(super) struct Reader<'a>(pub(super) &'a [u8]);

impl<'a> Reader<'a> {
    /// The kind of a message of the connection protocol.
    pub(super) fn kind(&mut self) -> io::Result<u8> {
        let [_padding, kind] = self.array()?;
        Ok(kind)
    }

    pub(super) fn number(&mut self) -> io::Result<u32> {
        self.array().map(u32::from_be_bytes)
    }

    pub(super) fn bytes(&mut self) -> io::Result<&'a [u8]> {
        let length = usize::try_from(self.number()?).map_err(|_too_long| odd())?;
        let (bytes, rest) = self.0.split_at_checked(length).ok_or_else(odd)?;
        self.0 = rest;
        Ok(bytes)
    }

    fn array<const N: usize>(&mut self) -> io::Result<[u8; N]> {
        let (array, rest) = self.0.split_first_chunk::<N>().ok_or_else(odd)?;
        self.0 = rest;
        Ok(*array)
    }
}

/// What is no message of these protocols.
pub(super) fn odd() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "ssh's control socket does not speak as expected")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_can_be_read() {
        let Writer(bytes) = Writer::connection(90).bytes(b"session").number(7);
        let mut reader = Reader(&bytes);
        assert_eq!(reader.kind().expect("a kind"), 90);
        assert_eq!(reader.bytes().expect("a text"), b"session");
        assert_eq!(reader.number().expect("a number"), 7);
        assert!(reader.number().is_err(), "nothing is left");
    }

    #[test]
    fn a_length_past_the_end_is_an_error() {
        assert!(Reader(&[0, 0, 0, 9, 1]).bytes().is_err());
        assert!(Reader(&[0]).kind().is_err());
    }
}
