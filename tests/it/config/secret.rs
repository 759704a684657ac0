//! Secrets by reference: where they are, and what is said when they are not there.

use flightdeck::adapter::secret::SecretRef;
use secrecy::ExposeSecret;

fn command(script: &str) -> SecretRef {
    SecretRef::Command(["sh", "-c", script].map(str::to_owned).to_vec())
}

async fn fails(reference: SecretRef) -> String {
    reference.resolve().await.expect_err("there is no secret").to_string()
}

#[tokio::test]
async fn a_file_and_a_command_give_their_text_without_the_final_newline() {
    let folder = tempfile::tempdir().expect("a directory can be made");
    let path = folder.path().join("token");
    for (written, secret) in [("hunter2\n", "hunter2"), ("hunter2\r\n", "hunter2"), (" a\nb\n", " a\nb")] {
        std::fs::write(&path, written).expect("the file can be written");
        let read = SecretRef::File(path.clone()).resolve().await.expect("the secret is there");
        assert_eq!(read.expose_secret(), secret);
    }
    let printed = command("printf 'hunter2\\n'").resolve().await.expect("the secret is printed");
    assert_eq!(printed.expose_secret(), "hunter2");
    assert!(!format!("{printed:?}").contains("hunter2"));
}

#[tokio::test]
async fn an_environment_variable_is_read() {
    // Every process has this one.
    assert!(SecretRef::Env("PATH".to_owned()).resolve().await.is_ok());
    assert_eq!(
        fails(SecretRef::Env("FLIGHTDECK_TEST_NOT_SET".to_owned())).await,
        "read the secret from environment variable FLIGHTDECK_TEST_NOT_SET: it is not set; export it before starting flightdeck"
    );
}

#[tokio::test]
async fn what_is_missing_is_named_and_never_quoted() {
    let folder = tempfile::tempdir().expect("a directory can be made");
    let empty = folder.path().join("empty");
    std::fs::write(&empty, "\n").expect("the file can be written");
    let said = fails(SecretRef::File(empty)).await;
    assert!(said.ends_with("/empty: it is empty; put the secret there"), "{said}");
    let said = fails(SecretRef::File(folder.path().join("gone"))).await;
    assert!(said.contains("/gone: No such file or directory"), "{said}");
    assert_eq!(
        fails(command("echo hunter2; echo hunter2 >&2; exit 3")).await,
        "read the secret from command sh: it ended with exit status: 3; try it by hand in this terminal"
    );
    assert_eq!(fails(command("true")).await, "read the secret from command sh: it is empty; put the secret there");
    let said = fails(command("printf 'hunter2\\377'")).await;
    assert_eq!(said, "read the secret from command sh: it is not UTF-8 text; is this the right place?");
    let said = fails(SecretRef::Command(vec!["/nowhere/vault".to_owned(), "hunter2".to_owned()])).await;
    assert!(said.starts_with("read the secret from command /nowhere/vault: it could not be started"), "{said}");
    assert!(!said.contains("hunter2"), "{said}");
    let said = fails(SecretRef::File("/dev/zero".into())).await;
    assert_eq!(said, "read the secret from file /dev/zero: it is larger than 64 KiB; is this the right place?");
}
