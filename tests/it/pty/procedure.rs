//! A whole procedure in a real terminal: a runbook's list, an approval that was told, a command that is run, a deployment by a
//! program, traffic of a real HAProxy, whom to call, an end, and the record in its files. A secret that everybody repeats stays
//! out of all of it.

use std::fs;
use std::path::{Path, PathBuf};

use crate::support::cockpit::{Cockpit, Shape, Site, assert_percent, head, router, shift};
use crate::support::haproxy::{Layout, Setup};
use crate::support::pool::Pool;
use crate::support::web::{Asked, Said, Web};

/// No form of a secret that is known by its looks, and a variable whose name says nothing either.
const SECRET: &str = "quite-plain-words-of-a-pass";
const VARIABLE: &str = "SMOKE_PASS";

const RUNBOOK: &str = "# Release\n\n\
    ## Before\n\n\
    - [ ] The team knows\n\
    - [ ] The smoke test passes\n\n\
    \x20 ```sh\n\
    \x20 echo \"asked with $SMOKE_PASS\"; echo \"and $SMOKE_PASS again\" >&2\n\
    \x20 ```\n\n\
    ## After\n\n\
    - [ ] Customers see the new version\n";

const REST: &str = "[drain]\nquiet = \"1s\"\n\
    [record]\ndirectory = \"docs/deployments\"\n\
    [checklist]\nfrom = \"runbook.md\"\n\
    [commands]\nshell = [\"/bin/sh\", \"-eu\", \"-c\"]\nenvironment = [\"PATH\", \"SMOKE_PASS\"]\n\
    [roles]\nrelease-manager = \"erin\"\n\
    [[approval]]\nname = \"release\"\ntitle = \"Release manager\"\nby = [\"release-manager\"]\nreported = true\n\
    [[contact]]\nrole = \"On-call engineer\"\nname = \"Sam Hill\"\nphone = \"+49 30 123456\"\nafter = \"5m\"\n\
    [[action]]\nname = \"roll-out\"\nkind = \"command\"\nrun = [\"FOLDER/roll-out\"]\npoll = \"1s\"\n\
    [[check]]\nname = \"health\"\nkind = \"http\"\nat = \"http://HEALTH\"\npath = \"/health\"\njson = { \"/status\" = \"UP\" }\n\
    every = \"1s\"\ntoken = { env = \"SMOKE_PASS\" }\n\
    [[step]]\nname = \"Before\"\npause = \"What must hold before.\"\nleave_when = [\"items:before\", \"check:health\"]\n\
    [[step]]\nname = \"Deploy to green\"\ndeploy = \"green\"\nrun = \"roll-out\"\nneeds = [\"approved:release\"]\n";

const ROLL_OUT: &str =
    "#!/bin/sh\necho \"logged in with $SMOKE_PASS\"\necho \"$FLIGHTDECK_TO runs on $FLIGHTDECK_POOL\" >&2\n";

/// A service that tells everybody what it was shown, as long as it is ill.
struct Health {
    is_well: bool,
}

fn health(health: &mut Health, asked: &Asked) -> Said {
    let shown = asked.header("authorization");
    if health.is_well && shown == format!("Bearer {SECRET}") {
        return Said::json(200, &serde_json::json!({ "status": "UP" }));
    }
    Said::text(503, &format!("{{\"status\": \"DOWN\", \"why\": \"no database for {shown}\"}}"))
        .with("Content-Type", "application/json")
}

/// Every file below a directory.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

/// The files that hold the secret.
fn leaks(folder: &Path) -> Vec<PathBuf> {
    let holds = |path: &PathBuf| {
        let bytes = fs::read(path).unwrap_or_default();
        bytes.windows(SECRET.len()).any(|part| part == SECRET.as_bytes())
    };
    files(folder).into_iter().filter(holds).collect()
}

/// Waits for a text, and never sees the secret beside it.
fn shows(cockpit: &Cockpit, texts: &[&str]) {
    cockpit.shows(texts);
    assert!(!cockpit.has(SECRET), "{}", cockpit.pty.text());
}

#[test]
fn a_procedure_is_flown_to_its_record_and_a_secret_that_is_repeated_is_nowhere() {
    let (blue, green) = (Pool::start("blue", 1), Pool::start("green", 1));
    let (old, new) = (blue.addresses(), green.addresses());
    let edge = Setup::new(Layout::A { blue: &old, green: &new }).patient().start();
    let health = Web::start(Health { is_well: false }, health);
    let plan = shift("Half to green", "green = 50", "")
        + &shift("All to green", "green = 100", "leave_when = [\"drained:blue\"]")
        + "[[step]]\nname = \"After\"\npause = \"Look at it.\"\nleave_when = [\"items:after\"]\n";
    let text = head(&["green", "blue"])
        + &router("edge-1", &edge.admin_socket(), &edge, Shape::A, &["green", "blue"])
        + &REST.replace("HEALTH", &health.address.to_string())
        + &plan;
    let site = Site::new("").beside("runbook.md", RUNBOOK).beside("roll-out", ROLL_OUT);
    let folder = site.folder().to_owned();
    let site = site.beside("checkout.toml", &text.replace("FOLDER", folder.to_str().unwrap()));
    let site = site.with_variable(VARIABLE, SECRET);
    let mut cockpit = site.open();
    shows(&cockpit, &["☐ The team knows", "☐ The smoke test passes", "Plan 0/5"]);

    cockpit.complete();
    cockpit.keys("\x1b2gj ");
    shows(&cockpit, &["✓ The team knows"]);
    cockpit.keys("j!");
    cockpit.shows(&["Run a command", "echo \"asked with $SMOKE_PASS\"", "the variables PATH SMOKE_PASS"]);
    cockpit.confirm("run it");
    shows(&cockpit, &["asked with ‹SMOKE_PASS›", "and ‹SMOKE_PASS› again", "✓ exit 0 after"]);
    cockpit.keys("\x1b");
    cockpit.hides("✓ exit 0 after");
    cockpit.keys(" ");
    shows(&cockpit, &["Before                   2/2 ✓"]);

    cockpit.keys("n");
    shows(&cockpit, &["health failed: 503 is not", "approval: Release manager, missing", "It cannot be done yet"]);
    cockpit.keys("\x1b");
    cockpit.hides("It cannot be done yet");
    health.state().is_well = true;
    cockpit.press_until("V", "╭ Approvals");
    cockpit.press_until("t", "Who approved it, and where is that to be seen?");
    cockpit.keys("erin https://tickets.example.net/7#yes\r");
    cockpit.hides("Who approved it, and where is that to be seen?");

    cockpit.press_until("W", "╭ Whom to call");
    shows(&cockpit, &["On-call engineer, Sam Hill", "+49 30 123456", "checkout in test, deployment of 2.4.0 to 2.5.0"]);
    cockpit.keys("\x1b");
    cockpit.hides("╭ Whom to call");

    shows(&cockpit, &["next: Deploy to green, all 4 gates"]);
    cockpit.keys("n");
    shows(&cockpit, &["FLIGHTDECK_POOL=green", "reported by ana, not verified"]);
    cockpit.confirm("start it");
    cockpit.step_is_over();
    assert!(!cockpit.has(SECRET), "{}", cockpit.pty.text());
    cockpit.shift();
    assert_percent(&edge, "green", 50.0);
    cockpit.shift();
    assert_percent(&edge, "green", 100.0);
    shows(&cockpit, &["✓ drained"]);
    cockpit.complete();
    cockpit.keys("\x1b2G ");
    shows(&cockpit, &["1/1 ✓", "every step of the plan is over"]);

    cockpit.press_until("C", "Close the session: what did it come to?");
    cockpit.keys("all on green\r");
    shows(&cockpit, &["the record is in"]);
    cockpit.quit();

    let filed = files(&folder.join("docs/deployments/test"));
    let with =
        |end: &str| filed.iter().find(|path| path.extension().is_some_and(|found| found == end)).unwrap().clone();
    let (markdown, json) = (with("md"), with("json"));
    let name = markdown.file_stem().unwrap().to_str().unwrap();
    assert!(filed.len() == 2 && name.ends_with("-checkout-2.5.0"), "{filed:?}");
    let told = fs::read_to_string(&markdown).unwrap();
    for part in [
        "checkout, test: 2.4.0 → 2.5.0",
        "all on green",
        "The smoke test passes",
        "asked with ‹SMOKE",
        "erin",
        "**reported by ana, not verified**: https://tickets.example.net/7",
        "logged in with ‹SMOKE",
        "2.5.0 runs on green",
        "blue is drained",
    ] {
        assert!(told.contains(part), "{part:?} is not told:\n{told}");
    }
    assert_eq!(site.run(&["record", "latest", "--verify"]).0, 0);
    assert_eq!(site.run(&["record", "--verify", json.to_str().unwrap()]).0, 0);
    assert_eq!(leaks(&folder), Vec::<PathBuf>::new());

    let forged = folder.join("forged.json");
    fs::write(&forged, fs::read_to_string(&json).unwrap().replacen("all on green", "all on blue!", 1)).unwrap();
    let (code, said) = site.run(&["record", "--verify", forged.to_str().unwrap()]);
    assert_eq!(code, 6, "{said}");
}
