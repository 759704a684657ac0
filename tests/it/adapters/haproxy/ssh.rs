//! A HAProxy on another host, through a real sshd: the whole contract, and each way in which ssh fails.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use flightdeck::adapter::router::haproxy::{Address, HaProxy, Remote, Shape};
use flightdeck::adapter::router::{Router, SetAnswer};
use flightdeck::domain::outcome::TroubleKind;
use flightdeck::domain::{PoolId, Trouble};

use super::super::router::{Gate, PATIENT, Subject, contract, read};
use super::{Fixture, weights};
use crate::support::sshd::Sshd;

contract!(one_backend, Distant::new(Fixture::a(2, 3)));
contract!(a_percentage_in_a_map, Distant::new(Fixture::b(2, 2)));
contract!(a_socket_of_level_user, Distant::new(Fixture::a(2, 3)), says_no_with_the_words_of_a_system_that_denies);

/// The least time for an exchange that begins with a login.
const LOGIN: Duration = Duration::from_millis(1_600);

/// A HAProxy and the sshd of its host.
struct Distant {
    haproxy: Fixture,
    sshd: Sshd,
}

impl Distant {
    fn new(haproxy: Fixture) -> Self {
        Self { haproxy, sshd: Sshd::start() }
    }

    fn to(&self, socket: &Path, timeout: Duration) -> HaProxy {
        self.haproxy.at_address(self.sshd.address(socket), timeout.max(LOGIN))
    }

    fn router(&self) -> HaProxy {
        self.to(&self.haproxy.haproxy.admin_socket(), PATIENT)
    }
}

impl Subject for Distant {
    fn adapter(&self, timeout: Duration) -> Box<dyn Router> {
        Box::new(self.to(&self.haproxy.haproxy.admin_socket(), timeout))
    }

    fn pools(&self) -> Vec<PoolId> {
        self.haproxy.pools()
    }

    fn really(&self) -> BTreeMap<String, u32> {
        self.haproxy.really()
    }

    fn meddle(&self) {
        self.haproxy.meddle();
    }

    fn freeze(&self) {
        self.haproxy.freeze();
    }

    fn thaw(&self) {
        self.haproxy.thaw();
    }

    fn applies_late(&self) -> bool {
        true
    }

    fn end(&mut self) {
        self.haproxy.end();
    }

    fn powerless(&self, timeout: Duration) -> Option<Box<dyn Router>> {
        let has_levels = matches!(self.haproxy.shape, Shape::Servers { .. });
        has_levels.then(|| Box::new(self.to(&self.haproxy.haproxy.user_socket(), timeout)) as Box<dyn Router>)
    }

    fn at(&self, peer: SocketAddr, timeout: Duration) -> Box<dyn Router> {
        Box::new(self.to(&self.sshd.relay(peer), timeout))
    }

    fn secrets(&self) -> Vec<String> {
        Vec::new()
    }
}

#[tokio::test]
async fn one_login_serves_all_exchanges_and_ends_with_the_router() {
    let distant = Distant::new(Fixture::a(1, 1));
    let router = distant.router();
    assert_eq!(distant.sshd.connections(), 0, "nothing is started before it is needed");
    let reading = read(&router).await;
    let prepared = router.prepare(&weights(5_000), Some(&reading)).unwrap();
    assert_eq!(router.set(&prepared, Some(&reading.native), &Gate::open()).await, SetAnswer::Accepted);
    let (one, two) = tokio::join!(read(&router), read(&router));
    assert_eq!(one.native, two.native);
    assert_eq!(distant.sshd.log().matches("Accepted publickey").count(), 1);
    drop(router);
    crate::support::haproxy::wait("ssh to be gone", || distant.sshd.connections() == 0);
}

#[tokio::test]
async fn a_connection_that_ends_is_made_anew() {
    let mut distant = Distant::new(Fixture::a(1, 1));
    let router = distant.router();
    let before = read(&router).await;
    distant.sshd.sever();
    assert_eq!(read(&router).await.native, before.native, "the next look logs in again");
    distant.sshd.kill();
    let trouble = router.read().await.unwrap_err();
    is_told(&trouble, TroubleKind::Unreachable, "Connection refused", "sshd runs there");
    distant.sshd.restart();
    let limit = Instant::now() + Duration::from_mins(1);
    while router.read().await.is_err() {
        assert!(Instant::now() < limit, "it never comes back");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn a_connection_that_ends_between_the_write_and_its_answer_leaves_the_change_unknown() {
    let distant = Distant::new(Fixture::a(1, 1));
    let router = distant.router();
    let reading = read(&router).await;
    let prepared = router.prepare(&weights(5_000), Some(&reading)).unwrap();
    let gate = Gate::hooked(|| {
        distant.haproxy.freeze();
        Ok(())
    });
    let (answer, ()) = tokio::join!(router.set(&prepared, Some(&reading.native), &gate), async {
        while gate.asked() == 0 {
            tokio::task::yield_now().await;
        }
        tokio::task::yield_now().await;
        distant.sshd.sever();
    });
    let SetAnswer::Unknown(why) = answer else { panic!("nobody knows what became of it: {answer:?}") };
    assert!(why.contains("the ssh connection ended"), "{why}");
    distant.haproxy.thaw();
}

#[tokio::test]
async fn a_connection_that_ends_before_the_write_sends_nothing() {
    let distant = Distant::new(Fixture::a(1, 1));
    let router = distant.router();
    let reading = read(&router).await;
    let before = distant.really();
    let prepared = router.prepare(&weights(5_000), Some(&reading)).unwrap();
    let sshd = Mutex::new(distant.sshd);
    let gate = Gate::hooked(|| Err("the deadline has passed".to_owned()));
    sshd.lock().unwrap().kill();
    let answer = router.set(&prepared, None, &gate).await;
    let SetAnswer::NotSent(why) = answer else { panic!("nobody was reached: {answer:?}") };
    assert!(why.contains("Connection refused") && gate.asked() == 0, "{why}");
    assert_eq!(distant.haproxy.really(), before);
}

#[tokio::test]
async fn a_network_that_loses_everything_is_a_time_out() {
    let distant = Distant::new(Fixture::a(1, 1));
    let router = distant.to(&distant.haproxy.haproxy.admin_socket(), LOGIN);
    let reading = read(&router).await;
    let prepared = router.prepare(&weights(5_000), Some(&reading)).unwrap();
    distant.sshd.stop_connections();
    let trouble = router.read().await.unwrap_err();
    is_told(&trouble, TroubleKind::TimedOut, "did not answer over ssh within the time-out", "made anew");
    let answer = router.set(&prepared, None, &Gate::open()).await;
    assert!(matches!(answer, SetAnswer::NotSent(_)), "{answer:?}");
    // A link that looked dead is noticed as such by ssh itself, and the next look goes another way.
    let limit = Instant::now() + Duration::from_mins(1);
    while router.read().await.is_err() {
        assert!(Instant::now() < limit, "it never comes back");
    }
}

#[tokio::test]
async fn a_key_that_nobody_knows_there_is_told() {
    let distant = Distant::new(Fixture::a(1, 1));
    distant.sshd.take_the_key_away();
    let router = distant.router();
    let trouble = router.read().await.unwrap_err();
    is_told(&trouble, TroubleKind::Denied, "Permission denied (publickey)", "ssh-add");
    assert_eq!(router.read().await.unwrap_err(), trouble, "and told again");
    // The other side writes its log when it comes to it.
    let logins = || distant.sshd.log().matches("Connection closed by").count();
    let limit = Instant::now() + Duration::from_secs(30);
    while logins() == 0 {
        assert!(Instant::now() < limit, "the first login is told of: {}", distant.sshd.log());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(logins(), 1, "without another login at once");
}

#[tokio::test]
async fn another_host_key_is_never_spoken_to() {
    let distant = Distant::new(Fixture::a(1, 1));
    distant.sshd.mistake_the_host();
    // Not even where the user's configuration would.
    distant.sshd.configure(|text| text + "  StrictHostKeyChecking no\n");
    let trouble = distant.router().read().await.unwrap_err();
    is_told(&trouble, TroubleKind::Denied, "the host key of edge-1 is another one", "ssh-keygen -R");
    distant.sshd.forget_the_host();
    let trouble = distant.router().read().await.unwrap_err();
    is_told(&trouble, TroubleKind::Denied, "does not know the host key of edge-1", "compare the fingerprint");
}

#[tokio::test]
async fn a_host_that_forbids_forwarding_is_told() {
    let sshd = Sshd::with("AllowStreamLocalForwarding no");
    let distant = Distant { haproxy: Fixture::a(1, 1), sshd };
    let trouble = distant.router().read().await.unwrap_err();
    is_told(&trouble, TroubleKind::Unreachable, "edge-1 did not connect to", "`AllowStreamLocalForwarding`");
}

#[tokio::test]
async fn a_socket_that_is_not_there_is_told_as_often_as_it_is_looked_for() {
    let distant = Distant::new(Fixture::a(1, 1));
    let router = distant.to(Path::new("/nowhere/admin.sock"), PATIENT);
    for _ in 0..20 {
        let trouble = router.read().await.unwrap_err();
        is_told(
            &trouble,
            TroubleKind::Unreachable,
            "edge-1 did not connect to /nowhere/admin.sock",
            "ls -l /nowhere/admin.sock",
        );
    }
    assert_eq!(distant.sshd.log().matches("Accepted publickey").count(), 1, "one login is enough for all of them");
}

#[tokio::test]
async fn a_host_that_is_not_there_is_told() {
    let distant = Distant::new(Fixture::a(1, 1));
    let elsewhere = |host: &str, config: PathBuf| {
        let path = "/run/haproxy/admin.sock".to_owned();
        let address = Address::Ssh(Remote { host: host.to_owned(), path, config: Some(config) });
        distant.haproxy.at_address(address, PATIENT)
    };
    let trouble = elsewhere("no-such-host.invalid", distant.sshd.client_config()).read().await.unwrap_err();
    is_told(&trouble, TroubleKind::Unreachable, "Could not resolve hostname", "correct the host");
    let trouble = elsewhere("edge-1", PathBuf::from("/nowhere/ssh_config")).read().await.unwrap_err();
    is_told(&trouble, TroubleKind::Mismatch, "Can't open user config file", "ssh_config");
}

fn is_told(trouble: &Trouble, kind: TroubleKind, why: &str, advice: &str) {
    assert_eq!(trouble.kind, kind, "{trouble}");
    assert!(trouble.why.contains(why) && trouble.advice.contains(advice), "{trouble}");
    assert!(trouble.what.starts_with("read ssh:") && !trouble.to_string().contains(char::is_control), "{trouble}");
}
