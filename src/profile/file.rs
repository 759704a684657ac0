//! The files of a profile and their digest.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::Path;

use sha2::{Digest as _, Sha256};
use toml::de::DeTable;

use super::ProfileFile;
use crate::domain::Digest;
use crate::setting::{LARGEST, Problem, Problems, Source, Wrong};

/// An included file that could not be read.
#[derive(Clone, Debug)]
pub(super) struct Unread {
    /// Its path as the main file names it.
    pub(super) path: String,
    /// Why.
    pub(super) wrong: Wrong,
}

/// Reads the main file, and what it includes as far as it can be read.
pub(super) fn read_all(path: &Path) -> Result<(Vec<ProfileFile>, Vec<Unread>), Problems> {
    let name = path.display().to_string();
    let bytes =
        read(path).map_err(|wrong| Problem { file: name.clone(), line: 0, column: 0, key: String::new(), wrong })?;
    let mut files = vec![ProfileFile { path: name, bytes }];
    let mut unread = Vec::new();
    let source = files.first().and_then(|main| Source::new(&main.path, &main.bytes).ok());
    for included in source.as_ref().map(included_by).unwrap_or_default() {
        match read(&path.parent().unwrap_or(Path::new("")).join(&included)) {
            Ok(bytes) => files.push(ProfileFile { path: included, bytes }),
            Err(wrong) => unread.push(Unread { path: included, wrong }),
        }
    }
    Ok((files, unread))
}

/// SHA-256 over the line `flightdeck profile 1`, ended by a line feed, and then of each file in order: the length of its
/// name as 8 bytes, most significant first, its name, the length of its bytes in the same form, and its bytes. The main
/// file's name is the last part of its path, so that the digest does not depend on where it lies; an included file's name
/// is its path as the main file names it.
pub(super) fn digest(files: &[ProfileFile]) -> Digest {
    let mut hash = Sha256::new();
    hash.update(b"flightdeck profile 1\n");
    for (index, file) in files.iter().enumerate() {
        let last = Path::new(&file.path).file_name().and_then(|name| name.to_str());
        let name = last.filter(|_| index == 0).unwrap_or(&file.path);
        for part in [name.as_bytes(), &file.bytes] {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
    }
    Digest(hash.finalize().into())
}

/// The names under which problems show the files: an included file beside the main one.
pub(super) fn shown_names(files: &[ProfileFile]) -> Vec<String> {
    let folder = files.first().and_then(|main| Path::new(&main.path).parent()).unwrap_or(Path::new(""));
    let included = files.iter().skip(1).map(|file| folder.join(&file.path).display().to_string());
    files.iter().take(1).map(|main| main.path.clone()).chain(included).collect()
}

/// The paths of the files that a main file names: its checklist, its list of keys. Whether they are fit paths is checked
/// when the profile is read.
fn included_by(main: &Source) -> Vec<String> {
    let (root, _) = DeTable::parse_recoverable(main.text());
    let named = |table: &str, key: &str| {
        let table = root.get_ref().get(table)?.get_ref().as_table()?;
        table.get(key)?.get_ref().as_str().map(str::to_owned)
    };
    let mut paths: Vec<String> =
        [named("checklist", "from"), named("people", "allowed_signers")].into_iter().flatten().collect();
    paths.dedup();
    paths
}

fn read(path: &Path) -> Result<Vec<u8>, Wrong> {
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| file.take(LARGEST as u64 + 1).read_to_end(&mut bytes));
    match read {
        Ok(_) => Ok(bytes),
        Err(error) => Err(match error.kind() {
            ErrorKind::NotFound => Wrong::new("there is no such file").advice("check the path"),
            ErrorKind::IsADirectory => Wrong::new("this is a directory").advice("name a file in it"),
            ErrorKind::PermissionDenied => Wrong::new("this file may not be read").advice("check who may read it"),
            _ => Wrong::new(format!("the file cannot be read: {error}")),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str, bytes: &[u8]) -> ProfileFile {
        ProfileFile { path: path.to_owned(), bytes: bytes.to_vec() }
    }

    #[test]
    fn the_digest_knows_names_and_bytes_but_not_where_they_lie() {
        let one = digest(&[file("/srv/a.toml", b"x"), file("r.md", b"y")]);
        assert_eq!(one, digest(&[file("a.toml", b"x"), file("r.md", b"y")]));
        for other in [
            vec![file("b.toml", b"x"), file("r.md", b"y")],
            vec![file("a.toml", b"x"), file("s.md", b"y")],
            vec![file("a.toml", b"xr.md"), file("", b"y")],
            vec![file("a.toml", b"x")],
        ] {
            assert_ne!(one, digest(&other), "{other:?}");
        }
    }
}
