//! The kind `tcp`.

use std::net::TcpListener;
use std::time::{Duration, Instant};

use flightdeck::domain::check::{Answer, Verdict};

use super::contract::PATIENT;
use super::{asking, check, line};

async fn ask(at: &str, timeout: Duration) -> Answer {
    check(&format!("kind = \"tcp\"\nat = \"{at}\""), timeout).ask(&asking()).await
}

#[tokio::test]
async fn a_connection_that_is_taken_passes() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let at = listener.local_addr().unwrap().to_string();
    let answer = ask(&at, PATIENT).await;
    assert_eq!(answer.verdict, Verdict::Pass, "{answer:?}");
    assert!(answer.words.starts_with("connected in "), "{}", answer.words);
    assert_eq!(line(&answer, "connect"), at);
}

#[tokio::test]
async fn a_port_where_nobody_listens_fails() {
    let at = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let answer = ask(&at, PATIENT).await;
    assert_eq!((answer.verdict, answer.words.as_str()), (Verdict::Fail, "connection refused"));
}

#[tokio::test]
async fn a_name_that_nobody_knows_is_inconclusive() {
    let answer = ask("nobody.invalid:80", PATIENT).await;
    assert_eq!(answer.verdict, Verdict::Inconclusive, "{answer:?}");
    assert!(!answer.words.is_empty());
}

#[tokio::test]
async fn a_listener_that_takes_nobody_is_given_up_in_time() {
    // A full queue of connections that nobody accepts leaves the next one without an answer.
    let listener = short_listener();
    let at = listener.local_addr().unwrap();
    let waiting: Vec<_> =
        (0..8).map(|_| std::net::TcpStream::connect_timeout(&at, Duration::from_millis(100))).collect();
    let begun = Instant::now();
    let answer = ask(&at.to_string(), Duration::from_millis(300)).await;
    assert_eq!(answer.verdict, Verdict::Inconclusive, "{answer:?}");
    assert!(answer.words.contains("no answer within 300 ms"), "{}", answer.words);
    assert!(begun.elapsed() < PATIENT / 2);
    drop(waiting);
}

/// A listener whose queue is as short as can be.
fn short_listener() -> TcpListener {
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    socket.listen(0).unwrap().into_std().unwrap()
}
