//! A profile that does not fit the routers that are there: what `check` and the cockpit say.

use std::path::Path;

use crate::support::cockpit::{Shape, Site, dialog, head, router, shift};
use crate::support::haproxy::{Haproxy, Layout, Setup, wait};
use crate::support::pool::Pool;
use crate::support::sshd::Sshd;

const POOLS: [&str; 2] = ["blue", "green"];

struct World {
    _pools: [Pool; 2],
    haproxy: Haproxy,
}

impl World {
    fn new(change: impl FnOnce(Setup<'_>) -> Setup<'_>) -> Self {
        let pools = [Pool::start("blue", 1), Pool::start("green", 1)];
        let (blue, green) = (pools[0].addresses(), pools[1].addresses());
        let haproxy = change(Setup::new(Layout::A { blue: &blue, green: &green })).start();
        Self { _pools: pools, haproxy }
    }

    fn site(&self, socket: &Path, change: impl FnOnce(String) -> String) -> Site {
        let router = change(router("edge-1", socket, &self.haproxy, Shape::A, &POOLS));
        Site::new(&(head(&POOLS) + &router + &shift("Half", "blue = 50", "")))
    }
}

/// `check` says why and what to do, with its exit code; so does the cockpit.
fn is_told(site: &Site, why: &str, advice: &str) {
    check_says(site, why, advice);
    let mut cockpit = site.begin();
    cockpit.shows(&["edge-1 haproxy  ✗", "never read: ", "edge-1 does not answer: read unix:"]);
    cockpit.keys("i");
    cockpit.pty.wait_until("all of it in the details", |screen| {
        dialog(&screen.contents(), "edge-1").is_some_and(|told| told.contains(why) && told.contains(advice))
    });
}

#[test]
fn a_path_without_a_socket() {
    let world = World::new(|setup| setup);
    let site = world.site(Path::new("/nowhere/admin.sock"), |router| router);
    is_told(&site, "there is no such socket", "start HAProxy, or give the path");
}

#[test]
fn a_backend_that_is_not_there() {
    let world = World::new(|setup| setup);
    let site = world.site(&world.haproxy.admin_socket(), |router| router.replace("app/", "ap/"));
    let why = "there is no backend `ap`; there is app";
    is_told(&site, why, "correct the pools' mapping in the profile");
}

#[test]
fn servers_that_are_not_there() {
    let world = World::new(|setup| setup);
    let site = world.site(&world.haproxy.admin_socket(), |router| router.replace("blue-*", "blau-*"));
    let why = "no server of app fits `blau-*` (blue); it has blue-1, green-1";
    is_told(&site, why, "correct the pools' mapping in the profile");
}

#[test]
fn an_algorithm_that_takes_no_weights() {
    let world = World::new(|setup| setup.balance("static-rr"));
    let site = world.site(&world.haproxy.admin_socket(), |router| router);
    let (code, said) = site.run(&["check", "PROFILE"]);
    assert!(code == 4 && said.contains("✗ router edge-1: Half: "), "{code}: {said}");
    assert!(said.contains("app uses `balance static-rr`, which takes no weights at run time"), "{said}");
    assert!(said.contains("write `balance roundrobin` into the backend"), "{said}");
    let mut cockpit = site.open();
    cockpit.keys("n");
    cockpit.shows(&["✗ edge-1", "static-rr", "write `balance roundrobin`", "Nothing was sent."]);
    cockpit.keys("y\x1b");
    cockpit.hides("Nothing was sent.");
    cockpit.quit();
    assert!(site.record().contains("0 changes"));
}

#[test]
fn a_socket_that_may_only_be_read() {
    let world = World::new(|setup| setup);
    for (socket, level) in [(world.haproxy.user_socket(), "user"), (world.haproxy.operator_socket(), "operator")] {
        let site = world.site(&socket, |router| router);
        let (code, said) = site.run(&["check", "PROFILE"]);
        let line = said.lines().find(|line| line.starts_with("✗ router edge-1: Half: ")).unwrap_or_default();
        assert!(code == 4, "{code}: {said}");
        let has_and_needs = format!("only over a socket of level admin, and this socket's level is {level}; ");
        assert!(line.contains(&has_and_needs), "{said}");
        assert!(line.contains("write `level admin` on its `stats socket` line and reload HAProxy, or give"), "{said}");
        assert_eq!(said.matches("this socket's level").count(), 1, "it is said once: {said}");
        // Nothing is sent that is known to be refused.
        let mut cockpit = site.open();
        cockpit.keys("n");
        cockpit.pty.wait_until("the dialog to say why nothing is sent", |screen| {
            dialog(&screen.contents(), "Half · checkout · TEST").is_some_and(|told| {
                ["✗ edge-1", &format!("level is {level}; "), "write `level admin`", "Nothing was sent."]
                    .iter()
                    .all(|part| told.contains(part))
            })
        });
        cockpit.keys("y\x1b");
        cockpit.hides("Nothing was sent.");
        cockpit.quit();
        assert!(site.record().contains("0 changes"));
    }
}

#[test]
fn a_socket_that_may_only_be_read_is_told_with_any_plan_and_without_one() {
    let world = World::new(|setup| setup);
    let router = router("edge-1", &world.haproxy.operator_socket(), &world.haproxy, Shape::A, &POOLS);
    let plan = shift("Half", "blue = 50", "") + &shift("None", "blue = 0", "");
    for (plan, what) in [("", "shift "), (plan.as_str(), "every shift of the plan: weights are")] {
        let (code, said) = Site::new(&(head(&POOLS) + &router + plan)).run(&["check", "PROFILE"]);
        let line = said.lines().find(|line| line.starts_with(&format!("✗ router edge-1: {what}"))).unwrap_or_default();
        assert!(code == 4 && line.contains("and this socket's level is operator; "), "{code}: {said}");
    }
}

#[test]
fn a_socket_without_permission() {
    let world = World::new(|setup| setup);
    let socket = world.haproxy.admin_socket();
    let site = world.site(&socket, |router| router);
    let site = site.flown_by_nobody(&socket);
    let why = format!("read unix:{}: permission denied on the socket", socket.display());
    is_told(
        &site,
        &why,
        "add your user to the group that the socket belongs to, or write `mode 660 group GROUP level admin`",
    );
}

#[test]
fn a_host_that_ssh_does_not_know() {
    let world = World::new(|setup| setup);
    let sshd = Sshd::start();
    let socket = world.haproxy.admin_socket();
    let over_ssh = |router: String| {
        // Longer than usual: a login takes its time beside other tests.
        let config = format!("timeout = \"30s\"\nssh_config = \"{}\"\npools", sshd.client_config().display());
        router.replace("unix:", "ssh:edge-1:").replacen("pools", &config, 1)
    };
    let site = world.site(&socket, over_ssh);
    let (code, said) = site.run(&["check", "PROFILE"]);
    assert!(code == 0 && said.contains("✓ router edge-1"), "{code}: {said}");
    wait("ssh to have gone with it", || sshd.connections() == 0);
    sshd.take_the_key_away();
    check_says(&site, "Permission denied (publickey)", "ssh-add");
    sshd.mistake_the_host();
    check_says(&site, "the host key of edge-1 is another one", "ssh-keygen -R");
    sshd.forget_the_host();
    check_says(&site, "does not know the host key of edge-1", "log in once by hand");
}

#[test]
fn a_socket_that_another_host_has_not() {
    let world = World::new(|setup| setup);
    let sshd = Sshd::start();
    let site = world.site(Path::new("/nowhere/admin.sock"), |router| {
        // Longer than usual: a login takes its time beside other tests.
        let config = format!("timeout = \"30s\"\nssh_config = \"{}\"\npools", sshd.client_config().display());
        router.replace("unix:", "ssh:edge-1:").replacen("pools", &config, 1)
    });
    check_says(&site, "edge-1 did not connect to /nowhere/admin.sock", "ls -l /nowhere/admin.sock");
}

#[test]
fn a_masters_socket_that_is_none() {
    let world = World::new(|setup| setup);
    let by_master = |router: String| router.replacen("pools", "master = true\npools", 1);
    let site = world.site(&world.haproxy.master_socket(), by_master);
    let (code, said) = site.run(&["check", "PROFILE"]);
    assert!(code == 0 && said.contains("✓ router edge-1"), "{code}: {said}");
    let wrong = |router: String| by_master(router).replace("app/", "ap/");
    check_says(&world.site(&world.haproxy.master_socket(), wrong), "there is no backend `ap`; there is app", "mapping");
    check_says(
        &world.site(&world.haproxy.admin_socket(), by_master),
        "a worker's `stats socket`",
        "leave `master` out",
    );
    check_says(&world.site(&world.haproxy.master_socket(), |router| router), "master process", "write `master = true`");
    check_says(&world.site(&world.haproxy.master_user_socket(), by_master), "level is user", "level admin");
}

/// `check` says why and what to do, with its exit code.
fn check_says(site: &Site, why: &str, advice: &str) {
    let (code, said) = site.run(&["check", "PROFILE"]);
    let line = said.lines().find(|line| line.starts_with("✗ router edge-1:"));
    let line = line.unwrap_or_else(|| panic!("no line of trouble: {said}"));
    assert!(code == 4 && line.contains(why) && line.contains(advice), "{code}: {said}");
}
