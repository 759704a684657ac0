//! A directory with keys, the real `ssh-keygen`, and signatures made by hand in the documented form.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flightdeck::adapter::signer::Tools;
use flightdeck::domain::{CockpitId, Digest, Operator, SessionId, Timestamp};
use flightdeck::signature::{
    Act, AllowedSigners, Claim, Head, Identity, NAMESPACE, Signer, SshSignature, Statement, Untrusted, verify,
};
use tempfile::TempDir;
use uuid::Uuid;

pub const ANNA: &str = "anna@example.com";
pub const BEN: &str = "ben@example.com";

/// A directory of keys.
pub struct Workshop {
    folder: TempDir,
}

impl Workshop {
    pub fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn write(&self, name: &str, text: &[u8]) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    /// Makes a key: `ed25519`, `rsa 2048`, `ecdsa 256`.
    pub fn key(&self, name: &str, sort: &str) -> Key {
        self.locked_key(name, sort, "")
    }

    /// Makes a key with a passphrase.
    pub fn locked_key(&self, name: &str, sort: &str, passphrase: &str) -> Key {
        let path = self.path(name);
        let (sort, bits) = sort.split_once(' ').unwrap_or((sort, ""));
        let mut command = Command::new("ssh-keygen");
        command.args(["-q", "-t", sort, "-N", passphrase, "-C", &format!("{name}'s key"), "-f"]).arg(&path);
        if !bits.is_empty() {
            command.args(["-b", bits]);
        }
        succeed(&mut command, b"");
        Key { path }
    }

    /// Has `authority` vouch for `key`; more arguments as for `ssh-keygen -s`.
    pub fn certify(&self, authority: &Key, key: &Key, id: &str, more: &[&str]) -> Identity {
        let mut command = Command::new("ssh-keygen");
        command
            .current_dir(self.folder.path())
            .env("TZ", "UTC")
            .args(["-q", "-s"])
            .arg(&authority.path)
            .args(["-I", id])
            .args(more);
        succeed(command.arg(key.public_path()), b"");
        Identity::from_line(&std::fs::read_to_string(key.certificate_path()).unwrap()).unwrap().0
    }

    /// Has OpenSSH sign with a key or a certificate.
    pub fn sign(&self, with: &Path, message: &[u8], more: &[&str]) -> String {
        self.sign_for(NAMESPACE, with, message, more)
    }

    /// The same for another namespace.
    pub fn sign_for(&self, namespace: &str, with: &Path, message: &[u8], more: &[&str]) -> String {
        let mut command = Command::new("ssh-keygen");
        command.current_dir(self.folder.path()).env_remove("SSH_AUTH_SOCK");
        command.args(["-q", "-Y", "sign", "-n", namespace, "-f"]).arg(with).args(more);
        String::from_utf8(succeed(&mut command, message).stdout).unwrap()
    }

    /// Asks OpenSSH whether it would accept a signature.
    pub fn openssh_accepts(
        &self,
        armored: &str,
        message: &[u8],
        allowed: &str,
        principal: &str,
        at: Timestamp,
    ) -> bool {
        let signature = self.write("asked.sig", armored.as_bytes());
        let list = self.write("asked.allowed", allowed.as_bytes());
        let seconds = at.long().chars().filter(char::is_ascii_digit).collect::<String>();
        let mut command = Command::new("ssh-keygen");
        command.env("TZ", "UTC").args(["-Y", "verify", "-n", NAMESPACE, "-I", principal]);
        command.arg("-O").arg(format!("verify-time={seconds}")).arg("-f").arg(list).arg("-s").arg(signature);
        let output = feed(&mut command, message);
        // Anything but yes and no would make the comparison worthless.
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success() || said.contains("Could not verify"), "{output:?}");
        output.status.success()
    }
}

/// A key in files.
pub struct Key {
    pub path: PathBuf,
}

impl Key {
    pub fn public_path(&self) -> PathBuf {
        self.with(".pub")
    }

    pub fn certificate_path(&self) -> PathBuf {
        self.with("-cert.pub")
    }

    /// The line of its `.pub` file, without the comment.
    pub fn line(&self) -> String {
        self.identity().to_string()
    }

    pub fn identity(&self) -> Identity {
        Identity::from_line(&std::fs::read_to_string(self.public_path()).unwrap()).unwrap().0
    }

    pub fn fingerprint(&self) -> String {
        self.identity().key().fingerprint()
    }

    fn with(&self, ending: &str) -> PathBuf {
        PathBuf::from(format!("{}{ending}", self.path.display()))
    }
}

/// The programs as the product runs them, with no agent.
pub fn openssh() -> Tools {
    Tools { agent: None, patience: Duration::from_secs(20), ..Tools::from_environment() }
}

/// An agent of one test.
pub struct Agent {
    process: Child,
    pub socket: PathBuf,
}

impl Agent {
    pub fn start(workshop: &Workshop) -> Self {
        let socket = workshop.path("agent.sock");
        let mut command = Command::new("ssh-agent");
        command.arg("-D").arg("-a").arg(&socket).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let process = command.spawn().unwrap();
        let begun = Instant::now();
        while std::os::unix::net::UnixStream::connect(&socket).is_err() {
            assert!(begun.elapsed() < Duration::from_secs(10), "the agent does not answer");
            std::thread::yield_now();
        }
        Self { process, socket }
    }

    pub fn add(&self, key: &Key) {
        succeed(Command::new("ssh-add").env("SSH_AUTH_SOCK", &self.socket).arg("-q").arg(&key.path), b"");
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

/// Now, in whole seconds.
pub fn now() -> Timestamp {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    Timestamp(i64::try_from(seconds).unwrap() * 1000)
}

/// Reads and verifies.
pub fn ours(armored: &str, message: &[u8], allowed: &str, principal: &str, at: Timestamp) -> Result<Signer, Untrusted> {
    let allowed = AllowedSigners::parse(allowed).unwrap();
    verify(&SshSignature::parse_armored(armored)?, message, &allowed, principal, at)
}

pub fn claim(operator: &str) -> Claim {
    Claim {
        act: Act::Approve,
        session: SessionId(Uuid::from_u128(1)),
        service: "checkout".to_owned(),
        environment: "production".to_owned(),
        head: Head { number: 41, hash: Digest([0x41; 32]) },
        about: Digest([0x7f; 32]),
        what: "Shift blue 90 / green 10 on eu-1, eu-2".to_owned(),
        cockpit: CockpitId(Uuid::from_u128(0xaa)),
        operator: Operator::from(operator),
        at: Timestamp(1_795_269_731_000),
        valid_until: Timestamp(1_795_270_031_000),
    }
}

pub fn statement(operator: &str) -> Vec<u8> {
    Statement::new(claim(operator)).unwrap().bytes()
}

/// The fields of a signature, for those that no program here can make.
pub struct ByHand {
    pub magic: Vec<u8>,
    pub version: u32,
    pub key: Vec<u8>,
    pub namespace: Vec<u8>,
    pub reserved: Vec<u8>,
    pub hash: Vec<u8>,
    pub signature: Vec<u8>,
}

impl ByHand {
    /// Takes a signature apart.
    pub fn of(armored: &str) -> Self {
        let blob = unarmored(armored);
        let (mut at, mut fields) = (10, Vec::new());
        while at < blob.len() {
            let length = u32::from_be_bytes(blob[at..at + 4].try_into().unwrap()) as usize;
            fields.push(blob[at + 4..at + 4 + length].to_vec());
            at += 4 + length;
        }
        let [key, namespace, reserved, hash, signature] = fields.try_into().unwrap();
        let version = u32::from_be_bytes(blob[6..10].try_into().unwrap());
        Self { magic: blob[..6].to_vec(), version, key, namespace, reserved, hash, signature }
    }

    pub fn armored(&self) -> String {
        let mut blob = self.magic.clone();
        blob.extend(self.version.to_be_bytes());
        for field in [&self.key, &self.namespace, &self.reserved, &self.hash, &self.signature] {
            put(&mut blob, field);
        }
        armored(&blob)
    }
}

/// What a key signs for a message, with SHA-512.
pub fn to_sign(message: &[u8]) -> Vec<u8> {
    use sha2::Digest as _;
    let mut blob = b"SSHSIG".to_vec();
    for field in [NAMESPACE.as_bytes(), b"", b"sha512", &sha2::Sha512::digest(message)[..]] {
        put(&mut blob, field);
    }
    blob
}

pub fn put(bytes: &mut Vec<u8>, field: &[u8]) {
    bytes.extend(u32::try_from(field.len()).unwrap().to_be_bytes());
    bytes.extend(field);
}

pub fn strings(fields: &[&[u8]]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for field in fields {
        put(&mut bytes, field);
    }
    bytes
}

/// Wraps a signature as `ssh-keygen` does.
pub fn armored(blob: &[u8]) -> String {
    let text = STANDARD.encode(blob);
    let lines: Vec<&str> = (0..text.len()).step_by(70).map(|at| &text[at..(at + 70).min(text.len())]).collect();
    format!("-----BEGIN SSH SIGNATURE-----\n{}\n-----END SSH SIGNATURE-----\n", lines.join("\n"))
}

pub fn unarmored(armored: &str) -> Vec<u8> {
    pem(armored)
}

/// The bytes between the first and the last line.
pub fn pem(text: &str) -> Vec<u8> {
    let body: String = text.lines().filter(|line| !line.starts_with('-')).collect();
    STANDARD.decode(body).unwrap()
}

pub fn encoded(blob: &[u8]) -> String {
    STANDARD.encode(blob)
}

fn succeed(command: &mut Command, input: &[u8]) -> Output {
    let output = feed(command, input);
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    output
}

fn feed(command: &mut Command, input: &[u8]) -> Output {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(input).ok();
    child.wait_with_output().unwrap()
}
