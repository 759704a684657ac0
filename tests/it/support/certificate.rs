//! Certificates of the tests' own.

use std::path::Path;
use std::process::Command;

/// A certificate authority, a server's certificate and a client's, made by OpenSSL.
pub fn certificates(folder: &Path) {
    let script = r#"
        set -e
        authority() { openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj "/CN=$1" \
            -addext "basicConstraints=critical,CA:TRUE" -addext "keyUsage=critical,keyCertSign,cRLSign" \
            -keyout "$1.key" -out "$1.pem"; }
        signed() { openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$1" -keyout "$1.key" \
            -out "$1.csr"; printf 'subjectAltName=IP:127.0.0.1\nextendedKeyUsage=serverAuth,clientAuth\n' > ext;
            openssl x509 -req -in "$1.csr" -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile ext \
            -out "$1.pem"; }
        authority ca; authority other; signed server; signed client
    "#;
    let made = Command::new("sh").args(["-c", script]).current_dir(folder).output();
    let made = made.expect("a shell starts");
    let said = String::from_utf8_lossy(&made.stderr);
    assert!(made.status.success(), "openssl; `./tests/run` installs what the tests need:\n{said}");
}
