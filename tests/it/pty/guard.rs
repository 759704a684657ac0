//! Guards in a real terminal, against real HAProxy processes under traffic and a real Prometheus: the new pool starts to
//! fail at 30 %.

use std::time::{Duration, Instant};

use crate::support::cockpit::{Cockpit, Shape, Site, percent, shift};
use crate::support::edges::Edges;
use crate::support::haproxy::wait;
use crate::support::prometheus::Prometheus;

const F8: &str = "\x1b[19~";
/// How often Prometheus scrapes.
const SCRAPE: Duration = Duration::from_secs(1);
/// How often it is asked.
const INTERVAL: Duration = Duration::from_secs(5);
/// So many breaches in a row trip the guard.
const BREACHES: u32 = 3;

struct Flight {
    edges: Edges,
    prometheus: Prometheus,
    site: Site,
    cockpit: Cockpit,
}

/// Blue has 30 % on both routers, and its guard is quiet.
fn at_thirty() -> Flight {
    let prometheus =
        Prometheus::start(&[("error_ratio{pool=\"blue\"}", 0.002), ("error_ratio{pool=\"green\"}", 0.002)]);
    let edges = Edges::blue_green(Shape::A);
    let evidence = format!(
        "[[metrics]]\nname = \"prom\"\nkind = \"prometheus\"\nat = \"{}\"\nscrape = \"1s\"\ninterval = \"5s\"\nwindow = \"4s\"\n\
         [[panel]]\nname = \"ratio\"\nsource = \"prom\"\nquery = 'error_ratio{{pool=\"{{pool}}\"}}'\nunit = \"percent\"\n\
         [[guard]]\nname = \"errors\"\nmeasure = \"ratio\"\nabove = \"1%\"\nbreaches = {BREACHES}\nthen = \"roll back\"\n",
        prometheus.at()
    );
    let to_blue = |percent: u32| shift(&format!("Blue {percent}"), &format!("blue = {percent}"), "");
    let site = edges.site(&(evidence + &to_blue(0) + &to_blue(10) + &to_blue(30) + &to_blue(50)));
    let mut cockpit = site.open();
    for plan in ["Plan 1/", "Plan 2/", "Plan 3/"] {
        fly(&mut cockpit, plan);
    }
    cockpit.shows(&["✓ next: Blue 50"]);
    edges.have(&[("blue", 30.0), ("green", 70.0)]);
    Flight { edges, prometheus, site, cockpit }
}

/// Flies the next shift. A guard that has not seen enough yet holds it up, also once its dialog is open: then it is asked
/// for anew.
fn fly(cockpit: &mut Cockpit, plan: &str) {
    for _ in 0..30 {
        cockpit.keys("n");
        let is_open = |cockpit: &Cockpit| {
            cockpit.pty.comes(Duration::from_secs(2), |screen| screen.contents().contains("y send"))
        };
        if is_open(cockpit) {
            cockpit.keys("y");
            if cockpit.pty.comes(Duration::from_secs(3), |screen| screen.contents().contains(plan)) {
                return;
            }
        }
        cockpit.keys("\x1b");
        cockpit.hides("Shift traffic");
    }
    panic!("the guard lets nothing through:\n{}", cockpit.pty.text());
}

/// Blue's share on both routers, by HAProxy itself.
fn are_at(edges: &Edges, asked: f64) -> bool {
    edges.both.iter().all(|edge| (percent(edge, "blue") - asked).abs() <= 0.1)
}

#[test]
fn armed_it_is_back_at_the_last_good_split_within_two_intervals_of_the_last_breach() {
    let Flight { edges, prometheus, site, mut cockpit } = at_thirty();
    cockpit.keys(F8);
    cockpit.shows(&["From then on these roll back by themselves", "goes back to 10 / 90"]);
    cockpit.confirm("arm them");
    cockpit.shows(&["ARMED"]);
    let began = Instant::now();
    prometheus.set("error_ratio{pool=\"blue\"}", 0.014);
    wait("both routers to have 10 %", || are_at(&edges, 10.0));
    let took = began.elapsed();
    // The first breach is scraped and asked for within an interval each; the last one comes so many looks later.
    let last_breach = SCRAPE + INTERVAL * BREACHES;
    assert!(took <= last_breach + 2 * INTERVAL, "it took {took:?}");
    assert!(took >= INTERVAL * (BREACHES - 1), "{BREACHES} breaches are not had in {took:?}");
    cockpit.hides("ARMED");
    let record = site.record_with("4 changes, 4 verified everywhere, 1 rollback");
    for told in ["armed the guards: errors", "3 in a row | it rolled back |", "Fired by the guard errors"] {
        assert!(record.contains(told), "{told:?} is not told:\n{record}");
    }
    edges.have(&[("blue", 10.0), ("green", 90.0)]);
    cockpit.quit();
    edges.end();
}

#[test]
fn unarmed_its_banner_is_up_and_r_and_enter_finish_it() {
    let Flight { edges, prometheus, site, mut cockpit } = at_thirty();
    cockpit.keys("N");
    cockpit.shows(&["It goes into the record"]);
    prometheus.set("error_ratio{pool=\"blue\"}", 0.014);
    cockpit.shows(&["errors tripped: blue 1.40 %", "R, Enter: roll back to 10 / 90", "It goes into the record"]);
    // What is typed meanwhile goes where it was meant to.
    cockpit.keys("Ready\r");
    site.record_with("Ready");
    assert!(are_at(&edges, 30.0), "a note rolls nothing back");
    cockpit.keys("R");
    cockpit.shows(&["Roll back · checkout"]);
    cockpit.press_until("\r", "✓ edge-1 verified");
    wait("both routers to have 10 %", || are_at(&edges, 10.0));
    let record = site.record_with("4 changes, 4 verified everywhere, 1 rollback");
    assert!(record.contains("it rang; it was not armed"), "{record}");
    cockpit.quit();
    edges.end();
}
