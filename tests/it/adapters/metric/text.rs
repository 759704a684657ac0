//! Prometheus text endpoints against the contract of metric sources.

use std::sync::Arc;
use std::time::Duration;

use flightdeck::adapter::metric::text::{Config, Series};
use flightdeck::adapter::metric::{Configured as _, MetricSource};
use flightdeck::adapter::secret::SecretRef;
use flightdeck::domain::metric::{Histogram, Look, Sample, Scrape};
use flightdeck::domain::{Trouble, TroubleKind};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::sync::Barrier;

const METRICS: &str = "# TYPE http_requests_total counter\n\
    http_requests_total{code=\"200\"} 90\n\
    http_requests_total{code=\"503\"} 10\n\
    http_seconds_bucket{le=\"0.1\"} 80\n\
    http_seconds_bucket{le=\"+Inf\"} 100\n\
    http_in_flight 4\n";

#[tokio::test]
async fn counters_buckets_and_gauges_are_read() {
    let sample = read(&ok(METRICS)).await.unwrap();
    assert_eq!(
        sample,
        Sample {
            requests: Some(100.0),
            errors: Some(10.0),
            latency: Some(Histogram { buckets: vec![(0.1, 80.0), (f64::INFINITY, 100.0)] }),
            in_flight: Some(4.0),
        }
    );
}

#[tokio::test]
async fn every_target_is_answered_for_under_its_name() {
    let good = serve(Answer::Bytes(ok(METRICS))).await;
    let bad = serve(Answer::Bytes("HTTP/1.1 500 Oops\r\ncontent-length: 0\r\n\r\n".to_owned())).await;
    let gone = {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        format!("http://{}/metrics", listener.local_addr().unwrap())
    };
    let scrape = scrape(&config(&[&bad, &gone, &good])).await;
    let names: Vec<&str> = scrape.targets.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, [&bad, &gone, &good]);
    assert_eq!(kinds(&scrape), [Some(TroubleKind::Garbage), Some(TroubleKind::Unreachable), None]);
}

#[tokio::test]
async fn answers_that_are_none_say_what_came_and_what_to_do() {
    let long = format!("HTTP/1.1 200 OK\r\ncontent-length: 999999999\r\n\r\n{}", "a 1\n".repeat(5 * 1024 * 1024));
    for (answer, kind, why) in [
        ("HTTP/1.1 500 Oops\r\ncontent-length: 0\r\n\r\n".to_owned(), TroubleKind::Garbage, "500"),
        ("HTTP/1.1 401 No\r\ncontent-length: 0\r\n\r\n".to_owned(), TroubleKind::Denied, "401"),
        ("HTTP/1.1 404 No\r\ncontent-length: 0\r\n\r\n".to_owned(), TroubleKind::Mismatch, "404"),
        (
            "HTTP/1.1 302 Go\r\nlocation: http://10.9.9.9/login?token=hush\r\ncontent-length: 0\r\n\r\n".to_owned(),
            TroubleKind::Mismatch,
            "elsewhere: http://10.9.9.9/login",
        ),
        (ok("<html>hello"), TroubleKind::Garbage, "line 1 is not a metric: `<html>hello`"),
        (
            "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 4\r\n\r\na 1\n".to_owned(),
            TroubleKind::Garbage,
            "a web page",
        ),
        ("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\na 1\n".to_owned(), TroubleKind::Garbage, ""),
        ("not http at all\r\n\r\n".to_owned(), TroubleKind::Garbage, ""),
        (long, TroubleKind::Garbage, "longer than 16 MiB"),
    ] {
        let trouble = read(&answer).await.unwrap_err();
        assert_eq!(trouble.kind, kind, "{trouble}");
        assert!(trouble.why.contains(why) && !trouble.why.is_empty() && !trouble.advice.is_empty(), "{trouble}");
        assert!(trouble.what.contains("http://127.0.0.1:"), "{trouble}");
        assert!(!trouble.to_string().contains("hush"), "{trouble}");
    }
}

#[tokio::test]
async fn a_silent_target_times_out_and_takes_no_other_with_it() {
    let silent = serve(Answer::Silence).await;
    let stuck = serve(Answer::Half("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\na 1\n")).await;
    let good = serve(Answer::Bytes(ok(METRICS))).await;
    let source = source(&Config { timeout: Duration::from_millis(500), ..config(&[&silent, &stuck, &good]) }).unwrap();
    assert_eq!(kinds(&counted(source.look().await)), [Some(TroubleKind::TimedOut), Some(TroubleKind::TimedOut), None]);
}

#[tokio::test]
async fn targets_are_read_side_by_side() {
    // Neither answers before both were asked.
    let both = Arc::new(Barrier::new(2));
    let one = serve(Answer::Together(ok(METRICS), Arc::clone(&both))).await;
    let other = serve(Answer::Together(ok(METRICS), both)).await;
    let scrape = scrape(&config(&[&one, &other])).await;
    assert_eq!(kinds(&scrape), [None, None]);
}

#[tokio::test]
async fn the_token_is_fetched_from_where_it_is_kept_and_sent_along() {
    let kept = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(kept.path(), "hush-hush\n").unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let target = format!("http://{}/metrics", listener.local_addr().unwrap());
    let asked = tokio::spawn(async move {
        let (mut connection, _) = listener.accept().await.unwrap();
        let mut request = vec![0; 4096];
        let length = connection.read(&mut request).await.unwrap();
        connection.write_all(ok(METRICS).as_bytes()).await.unwrap();
        String::from_utf8_lossy(&request[..length]).into_owned()
    });
    let token = Some(SecretRef::File(kept.path().to_owned()));
    let scrape = self::scrape(&Config { token, ..config(&[&target]) }).await;
    assert_eq!(kinds(&scrape), [None]);
    assert!(asked.await.unwrap().contains("authorization: Bearer hush-hush"));

    let token = Some(SecretRef::File("/nowhere/token".into()));
    let scrape = self::scrape(&Config { token, ..config(&[&target]) }).await;
    assert_eq!(kinds(&scrape), [Some(TroubleKind::Denied)]);
}

#[tokio::test]
async fn what_the_profile_cannot_mean_is_said_at_once() {
    for (config, said) in [
        (config(&["10.0.0.5:9100"]), "`10.0.0.5:9100` is not a web address"),
        (config(&["ftp://ana:hush@10.0.0.5/"]), "`ftp://10.0.0.5/` is not a web address"),
        (
            Config { series: Series { errors: Some("http{code=5}".to_owned()), ..Series::default() }, ..config(&[]) },
            "`errors` = `http{code=5}`",
        ),
    ] {
        let trouble = source(&config).err().unwrap();
        assert_eq!(trouble.kind, TroubleKind::Mismatch);
        assert!(trouble.why.contains(said) && !trouble.to_string().contains("hush"), "{trouble}");
    }
}

fn config(targets: &[&str]) -> Config {
    Config {
        id: "app".into(),
        targets: targets.iter().map(|target| (*target).to_owned()).collect(),
        timeout: Duration::from_secs(10),
        token: None,
        series: Series {
            requests: Some("http_requests_total".to_owned()),
            errors: Some("http_requests_total{code=~\"5..\"}".to_owned()),
            latency: Some("http_seconds".to_owned()),
            in_flight: Some("http_in_flight".to_owned()),
        },
    }
}

fn source(config: &Config) -> Result<Arc<dyn MetricSource>, Trouble> {
    config.connect(&[])
}

async fn scrape(config: &Config) -> Scrape {
    counted(source(config).unwrap().look().await)
}

fn counted(look: Look) -> Scrape {
    match look {
        Look::Counters(scrape) => scrape,
        Look::Values(values) => panic!("not counters: {values:?}"),
    }
}

async fn read(answer: &str) -> Result<Sample, Trouble> {
    let target = serve(Answer::Bytes(answer.to_owned())).await;
    let mut scrape = scrape(&config(&[&target])).await;
    scrape.targets.remove(0).1
}

/// How each target failed, in order.
fn kinds(scrape: &Scrape) -> Vec<Option<TroubleKind>> {
    scrape.targets.iter().map(|(_, sample)| sample.as_ref().err().map(|trouble| trouble.kind)).collect()
}

fn ok(body: &str) -> String {
    format!("HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: {}\r\n\r\n{body}", body.len())
}

enum Answer {
    /// These bytes, and the connection is closed.
    Bytes(String),
    /// These bytes, and nothing more.
    Half(&'static str),
    Silence,
    /// These bytes, once all who share the barrier were asked.
    Together(String, Arc<Barrier>),
}

/// Answers every request on a free port; gone with the test's runtime.
async fn serve(answer: Answer) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut connection, _)) = listener.accept().await {
            let mut request = Vec::new();
            while !request.ends_with(b"\r\n\r\n") {
                match connection.read_u8().await {
                    Ok(byte) => request.push(byte),
                    Err(_) => break,
                }
            }
            // A client that has read enough hangs up.
            let _hung_up = match &answer {
                Answer::Bytes(bytes) => connection.write_all(bytes.as_bytes()).await,
                Answer::Together(bytes, all) => {
                    all.wait().await;
                    connection.write_all(bytes.as_bytes()).await
                }
                Answer::Half(bytes) => {
                    let written = connection.write_all(bytes.as_bytes()).await;
                    hold(connection);
                    written
                }
                Answer::Silence => {
                    hold(connection);
                    Ok(())
                }
            };
        }
    });
    format!("http://{address}/metrics")
}

/// Keeps a connection open for as long as the test runs.
fn hold(connection: tokio::net::TcpStream) {
    tokio::spawn(async move {
        let _connection = connection;
        std::future::pending::<()>().await;
    });
}
