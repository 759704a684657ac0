//! Scripts against the contract, and what only scripts do.
//!
//! Real scripts, run by `/bin/sh` from their own first lines. Of the contract, the parts that need a peer at an address are
//! here in other words: a script has no address, so what asks the fence, nonsense and slow answers are scripts of their own.

use std::collections::BTreeMap;
use std::fs::{self, Permissions};
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use flightdeck::adapter::router::command::{CommandRouter, Config};
use flightdeck::adapter::router::{Configured, Router, SetAnswer};
use flightdeck::domain::reading::Health;
use flightdeck::domain::{BasisPoints, PoolId, Prepared, Proof, Target, TroubleKind, Weights};
use tempfile::TempDir;

use super::router::{Gate, HASTY, PATIENT, Subject, contract, of, read};

contract!(
    compared_here,
    Fixture::new(),
    reads_the_same_references_each_time,
    prepares_purely_and_says_the_rounding,
    sets_and_reads_back,
    sets_twice_without_harm,
    puts_back_a_native_split_to_the_letter_without_a_reading,
    writes_nothing_when_the_split_has_moved,
    writes_nothing_when_the_fence_is_closed,
    refuses_a_pool_that_it_does_not_know,
    refuses_weights_without_a_reading,
    refuses_a_native_split_of_another_router,
    says_no_with_the_words_of_a_system_that_denies,
    tells_of_credentials_that_end_in_the_middle,
    times_out_without_writing_over_what_has_moved,
    does_not_know_after_a_time_out_until_it_reads,
    finds_nobody_there,
);
contract!(
    compared_by_the_script,
    Fixture { conditional: true, ..Fixture::new() },
    sets_and_reads_back,
    sets_twice_without_harm,
    puts_back_a_native_split_to_the_letter_without_a_reading,
    writes_nothing_when_the_split_has_moved,
    writes_nothing_when_the_fence_is_closed,
    times_out_without_writing_over_what_has_moved,
    does_not_know_after_a_time_out_until_it_reads,
    finds_nobody_there,
);

/// What the script reads and no message may hold.
const SECRET: &str = "b1gs33cr-3t00";

#[tokio::test]
async fn the_fence_is_asked_directly_before_the_script_runs() {
    let world = Fixture::new();
    let prepared = world.prepared(3_000).await;
    let ran = world.folder.path().join("ran");
    let gate = Gate::hooked(|| {
        assert!(!ran.exists(), "nothing is run before the fence is asked");
        Ok(())
    });
    assert_eq!(world.router(PATIENT).set(&prepared, None, &gate).await, SetAnswer::Accepted);
    assert_eq!(gate.asked(), 1);
    assert!(ran.exists(), "and then it is");
}

#[tokio::test]
async fn nonsense_is_no_answer() {
    let world = Fixture::new();
    for (script, said) in [
        ("", "cannot be understood"),
        ("echo", "cannot be understood"),
        (r"printf '\000\001\033[2J'", "cannot be understood"),
        ("echo '<html></html>'", "cannot be understood"),
        (r#"echo '{"weights": {"blue": 30'"#, "cannot be understood"),
        (r#"echo '{"weights": {"blue": 30, "green": -1}}'"#, "cannot be understood"),
        (r#"echo '{"weights": {"blue": 30, "green": 70}} trailing'"#, "cannot be understood"),
        (r#"echo '{"weights": {"blue": 30, "green": 70}, "wieght": 1}'"#, "unknown field"),
        ("yes '{}' | head -c 3000000", "longer than 1024 KiB"),
        ("yes", "longer than 1024 KiB"),
    ] {
        let trouble = world.reading_by(script, PATIENT).await.unwrap_err();
        assert_eq!(trouble.kind, TroubleKind::Garbage, "{script}: {trouble}");
        let text = trouble.to_string();
        assert!(text.contains(said) && text.len() < 1_000 && !text.chars().any(char::is_control), "{script}: {text:?}");
    }
    for (script, said) in [
        (r#"echo '{"weights": {"blue": 30}}'"#, "no weight of green, only of blue"),
        (
            r#"echo '{"weights": {"blue": {"reference": "pool/azure", "weight": 3}, "green": 1}}'"#,
            "it calls blue `pool/azure`, and the profile `pool/blue`",
        ),
    ] {
        let trouble = world.reading_by(script, PATIENT).await.unwrap_err();
        assert_eq!(trouble.kind, TroubleKind::Mismatch, "{script}: {trouble}");
        assert!(trouble.why.contains(said), "{script}: {trouble}");
    }
}

#[tokio::test]
async fn an_end_that_is_no_yes_is_told_with_the_last_words() {
    let world = Fixture::new();
    let prepared = world.prepared(3_000).await;
    for (script, wanted) in [
        ("echo first >&2; echo 'lb-1: no such service' >&2; exit 1", "exit status: 1: first lb-1: no such service"),
        ("exit 3", "exit status: 3, and said nothing"),
        ("echo 'not yours' >&2; exit 77", "which means that it is denied: not yours"),
        (r"printf '\033[2Jred\r\n' >&2; exit 1", "exit status: 1: [2Jred"),
        ("echo 'curl -H \"Authorization: Bearer hunter2\"' >&2; exit 1", "is not shown"),
        ("yes >&2 & sleep 0.2; exit 1", "exit status: 1: …"),
        ("exit 9", "exit status: 9"),
    ] {
        match world.setting_by(script, PATIENT, &prepared).await {
            SetAnswer::Failed(why) => {
                assert!(why.contains(wanted), "{script}: {why}");
                assert!(!why.contains("hunter2") && why.len() < 1_000, "{script}: {why}");
            }
            other => panic!("{script} says no, and becomes {other:?}"),
        }
    }
    for script in ["exit 10", "kill -9 $$", "kill -TERM $$", "yes"] {
        let answer = world.setting_by(script, PATIENT, &prepared).await;
        assert!(matches!(&answer, SetAnswer::Unknown(why) if why.contains("read the weights")), "{script}: {answer:?}");
    }
    let trouble = world.reading_by("echo 'the VPN is down' >&2; exit 1", PATIENT).await.unwrap_err();
    assert_eq!(trouble.kind, TroubleKind::Unreachable);
    assert!(trouble.why.ends_with("the VPN is down"), "{trouble}");
}

#[tokio::test]
async fn a_slow_script_is_killed_with_all_that_it_started() {
    let world = Fixture::new();
    let prepared = world.prepared(3_000).await;
    let alive = world.folder.path().join("alive");
    // A child of its own, in the background, that would go on for long.
    let child = format!("(trap '' TERM; while :; do date >> {}; sleep 0.02; done) & ", alive.display());
    for script in ["sleep 60".to_owned(), "while :; do echo; sleep 0.05; done".to_owned(), format!("{child} wait")] {
        let begun = Instant::now();
        let trouble = world.reading_by(&script, HASTY).await.unwrap_err();
        assert_eq!(trouble.kind, TroubleKind::TimedOut, "{script}: {trouble}");
        let answer = world.setting_by(&script, HASTY, &prepared).await;
        assert!(matches!(&answer, SetAnswer::Unknown(why) if why.contains("it was killed")), "{script}: {answer:?}");
        assert!(begun.elapsed() < HASTY * 2 + Duration::from_secs(3), "two time-outs and no more");
    }
    // What it leaves behind is killed too, and does not hold its answer up.
    let answer = world.setting_by(&format!("{child} exit 0"), PATIENT, &prepared).await;
    assert_eq!(answer, SetAnswer::Accepted);
    until_still(&alive).await;
}

#[tokio::test]
async fn a_script_that_reads_nothing_or_closes_everything_is_no_trouble() {
    let world = Fixture::new();
    let prepared = world.prepared(3_000).await;
    for script in ["exit 0", "exec <&-; sleep 0.1; exit 0", "exec >&- 2>&-; sleep 0.1; exit 0"] {
        assert_eq!(world.setting_by(script, PATIENT, &prepared).await, SetAnswer::Accepted, "{script}");
    }
}

#[tokio::test]
async fn weights_go_over_the_input_and_never_into_words() {
    let mut world = Fixture::new();
    let strange = "$(touch pwned) `x` ; rm -rf '\"";
    world.pools[1].1 = strange.to_owned();
    world.script("set", "cat > \"$1.input\"; printf '%s' \"$2\" > \"$1.word\"");
    let mut config = world.config(PATIENT);
    let target = world.folder.path().join("got");
    config.set.extend([target.display().to_string(), "a word; with $HOME and 'quotes'".to_owned()]);
    let native = flightdeck::domain::NativeSplit(
        world
            .pools
            .iter()
            .zip([30, 70])
            .map(|((pool, reference), weight)| flightdeck::domain::NativeWeight {
                reference: reference.clone(),
                pool: pool.clone(),
                weight,
                admin: flightdeck::domain::reading::Admin::Ready,
            })
            .collect(),
    );
    let router = CommandRouter::new(config);
    let prepared = router.prepare(&Target::Native(native), None).unwrap();
    assert!(prepared.requests[0].contains(r"'a word; with $HOME and '\''quotes'\''' <<< {"), "{prepared:?}");
    assert_eq!(router.set(&prepared, None, &Gate::open()).await, SetAnswer::Accepted);
    let got: serde_json::Value = serde_json::from_slice(&fs::read(target.with_extension("input")).unwrap()).unwrap();
    assert_eq!(got["weights"]["green"], serde_json::json!({ "reference": strange, "weight": 70 }));
    assert!(got["expected"].is_null());
    assert_eq!(fs::read_to_string(target.with_extension("word")).unwrap(), "a word; with $HOME and 'quotes'");
    assert!(!Path::new("pwned").exists());
}

#[tokio::test]
async fn a_script_that_compares_says_what_it_found() {
    let world = Fixture { conditional: true, ..Fixture::new() };
    let seen = read(&world.router(PATIENT)).await;
    let prepared = world.prepared(3_000).await;
    let set = world.folder.path().join("set");
    // What it prints counts; where it prints nothing, it is read.
    let printed = r#"echo '{"weights": {"blue": 61, "green": 39}}'; exit 9"#;
    world.script("set", printed);
    match world.router(PATIENT).set(&prepared, Some(&seen.native), &Gate::open()).await {
        SetAnswer::Moved(split) => assert_eq!(of(&split)["pool/blue"], 61),
        other => panic!("it moved, and the answer is {other:?}"),
    }
    world.script("set", "exit 9");
    world.meddle();
    match world.router(PATIENT).set(&prepared, Some(&seen.native), &Gate::open()).await {
        SetAnswer::Moved(split) => assert_eq!(of(&split), world.really()),
        other => panic!("it moved, and the answer is {other:?}"),
    }
    assert!(set.exists());
}

#[tokio::test]
async fn a_no_of_prepare_sends_nothing() {
    let world = Fixture::new();
    let prepared = world.prepared(3_000).await;
    let before = world.really();
    for (script, wanted) in [
        (
            "grep -q '\"expected\":null' && { echo 'change freeze until Monday' >&2; exit 1; }",
            "change freeze until Monday",
        ),
        ("sleep 60", "it was killed; nothing was changed"),
    ] {
        world.script("prepare", script);
        let prepare = Some(vec![world.path("prepare")]);
        let router = CommandRouter::new(Config { prepare, ..world.config(HASTY) });
        let gate = Gate::open();
        let answer = router.set(&prepared, None, &gate).await;
        assert!(matches!(&answer, SetAnswer::NotSent(why) if why.contains(wanted)), "{answer:?}");
        assert_eq!((gate.asked(), world.really()), (0, before.clone()));
    }
    world.script("prepare", "cat > /dev/null");
    let prepare = Some(vec![world.path("prepare")]);
    let router = CommandRouter::new(Config { prepare, ..world.config(PATIENT) });
    assert_eq!(router.set(&prepared, None, &Gate::open()).await, SetAnswer::Accepted);
}

#[tokio::test]
async fn everything_that_a_script_tells_is_in_the_reading() {
    let world = Fixture::new();
    let told = r#"cat <<'END'
{ "weights": { "blue": 25, "green": 75, "spare": 1 }, "identity": { "node": "lb-1", "process": "41" }, "generation": 7,
  "healthy": { "blue": false, "green": true }, "in_flight": { "blue": 4, "green": 9 }, "requests": { "blue": 1, "green": 2 },
  "errors": { "green": 3 }, "warnings": ["the spare is in maintenance"],
  "underway": { "what": "reload", "waits_for": "old workers", "percent": 40, "link": "https://lb.example.net/reload" } }
END"#;
    let mut config = world.config(PATIENT);
    (config.counts_in_flight, config.counts_requests) = (true, true);
    assert_eq!(config.capabilities().proof, Proof::Observed);
    world.script("told", told);
    config.read = vec![world.path("told")];
    let reading = CommandRouter::new(config).read().await.unwrap();
    assert_eq!((reading.identity.node.as_str(), reading.identity.process.as_str()), ("lb-1", "41"));
    assert_eq!((reading.generation.as_str(), reading.underway.unwrap().percent), ("7", Some(40)));
    assert_eq!(
        reading.warnings,
        ["the spare is in maintenance", "spare belong to no pool of the profile and take traffic too"]
    );
    assert_eq!(reading.servers[0].health, Health::Down);
    assert_eq!((reading.servers[1].in_flight, reading.servers[1].errors), (Some(9), Some(3)));
    assert_eq!(reading.effective.to_string(), "0.0 / 100.0");
    let config = Config { counts_requests: true, ..world.config(PATIENT) };
    let trouble = CommandRouter::new(config).read().await.unwrap_err();
    assert!(trouble.why.contains("no `requests` of blue") && trouble.advice.contains("counts"), "{trouble}");
}

#[tokio::test]
async fn a_program_that_cannot_be_run_is_told_from_one_that_fails() {
    let world = Fixture::new();
    let trouble = |words: &[&str]| {
        let read = words.iter().map(|word| (*word).to_owned()).collect();
        let config = Config { read, ..world.config(PATIENT) };
        async move { CommandRouter::new(config).read().await.unwrap_err() }
    };
    let wrong = trouble(&["/no/such/program"]).await;
    assert_eq!(wrong.kind, TroubleKind::Unreachable);
    assert!(wrong.what.contains("/no/such/program") && wrong.advice.contains("install it"), "{wrong}");
    let file = world.folder.path().join("plain");
    fs::write(&file, "not a program").unwrap();
    let wrong = trouble(&[&file.display().to_string()]).await;
    assert_eq!((wrong.kind, wrong.why.as_str()), (TroubleKind::Denied, "this user may not run it"));
}

/// Waits until nothing is written into a file any more.
async fn until_still(file: &Path) {
    let limit = Instant::now() + PATIENT;
    let size = || fs::metadata(file).map_or(0, |metadata| metadata.len());
    loop {
        let before = size();
        tokio::time::sleep(Duration::from_millis(200)).await;
        if size() == before {
            return;
        }
        assert!(Instant::now() < limit, "a child of the script lives on");
    }
}

/// Scripts that keep the weights in a file, and what can happen to them.
struct Fixture {
    folder: TempDir,
    pools: Vec<(PoolId, String)>,
    conditional: bool,
}

/// Waits while it is stopped, and asks for its token.
const HEAD: &str = r#"#!/bin/sh
cd "$(dirname "$0")" || exit 1
while [ -e frozen ]; do sleep 0.02; done
[ "$(cat token)" = "$(cat good)" ] || { echo "permission denied: the token of $(whoami) is over" >&2; exit 77; }
"#;

const READ: &str = r#"read -r blue green < weights
echo "{\"weights\": {\"blue\": $blue, \"green\": {\"reference\": \"pool/green\", \"weight\": $green}}, \"generation\": 1}"
"#;

/// What a careful script does: takes its input apart, compares if it is asked to, and replaces its file in one step.
const SET: &str = r#"touch ran
input=$(cat)
part() { printf '%s' "$input" | sed -n "s/.*\"$1\":{\"blue\":{[^}]*\"weight\":\([0-9]*\)},\"green\":{[^}]*\"weight\":\([0-9]*\)}}.*/\1 \2/p"; }
if [ -e conditional ]; then
  expected=$(part expected)
  if [ -n "$expected" ] && [ "$expected" != "$(cat weights)" ]; then exit 9; fi
fi
weights=$(part weights)
[ -n "$weights" ] || { echo "no weights in $input" >&2; exit 1; }
echo "$weights" > weights.new && mv weights.new weights
"#;

impl Fixture {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
        write("weights", "100 0\n");
        write("token", SECRET);
        write("good", SECRET);
        let pools = ["blue", "green"].map(|pool| (PoolId::from(pool), format!("pool/{pool}"))).to_vec();
        let fixture = Self { folder, pools, conditional: false };
        fixture.script("read", READ);
        fixture.script("set", SET);
        fixture.script("no", "echo 'Permission denied: this user may only look' >&2; exit 77");
        fixture
    }

    /// Writes a script that can be run.
    fn script(&self, name: &str, text: &str) {
        // Written beside and moved into its place, so that one that still runs is not written over.
        let path = PathBuf::from(self.path(name));
        let fresh = path.with_extension("new");
        let head = if [READ, SET].contains(&text) { HEAD } else { "#!/bin/sh\n" };
        fs::write(&fresh, format!("{head}{text}")).unwrap();
        fs::set_permissions(&fresh, Permissions::from_mode(0o755)).unwrap();
        fs::rename(&fresh, &path).unwrap();
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }

    fn config(&self, timeout: Duration) -> Config {
        if self.conditional {
            fs::write(self.folder.path().join("conditional"), "").unwrap();
        }
        Config {
            read: vec![self.path("read")],
            prepare: None,
            set: vec![self.path("set")],
            pools: self.pools.clone(),
            range: (0, 100),
            sum: Some(100),
            conditional: self.conditional,
            atomic: true,
            counts_in_flight: false,
            counts_requests: false,
            takes: Duration::ZERO,
            settle: Duration::ZERO,
            timeout,
        }
    }

    fn router(&self, timeout: Duration) -> CommandRouter {
        CommandRouter::new(self.config(timeout))
    }

    async fn prepared(&self, green: u32) -> Prepared {
        let router = self.router(PATIENT);
        let pairs = vec![("blue".into(), BasisPoints(10_000 - green)), ("green".into(), BasisPoints(green))];
        let target = Target::Weights(Weights::new(pairs).unwrap());
        router.prepare(&target, Some(&read(&router).await)).unwrap()
    }

    async fn reading_by(
        &self,
        script: &str,
        timeout: Duration,
    ) -> Result<flightdeck::domain::Reading, flightdeck::domain::Trouble> {
        self.script("other", script);
        let config = Config { read: vec![self.path("other")], ..self.config(timeout) };
        CommandRouter::new(config).read().await
    }

    async fn setting_by(&self, script: &str, timeout: Duration, prepared: &Prepared) -> SetAnswer {
        self.script("other", script);
        let config = Config { set: vec![self.path("other")], ..self.config(timeout) };
        CommandRouter::new(config).set(prepared, None, &Gate::open()).await
    }
}

impl Subject for Fixture {
    fn adapter(&self, timeout: Duration) -> Box<dyn Router> {
        Box::new(self.router(timeout))
    }

    fn pools(&self) -> Vec<PoolId> {
        vec!["blue".into(), "green".into()]
    }

    fn really(&self) -> BTreeMap<String, u32> {
        let text = fs::read_to_string(self.folder.path().join("weights")).unwrap();
        let weights = text.split_whitespace().map(|weight| weight.parse().unwrap());
        self.pools.iter().map(|(_, reference)| reference.clone()).zip(weights).collect()
    }

    fn meddle(&self) {
        fs::write(self.folder.path().join("weights"), "93 7\n").unwrap();
    }

    fn freeze(&self) {
        fs::write(self.folder.path().join("frozen"), "").unwrap();
    }

    fn thaw(&self) {
        fs::remove_file(self.folder.path().join("frozen")).unwrap();
    }

    fn applies_late(&self) -> bool {
        // It is killed, so nothing of it comes late.
        false
    }

    fn end(&mut self) {
        for name in ["read", "set"] {
            fs::remove_file(self.path(name)).unwrap();
        }
    }

    fn powerless(&self, timeout: Duration) -> Option<Box<dyn Router>> {
        let config = Config { set: vec![self.path("no")], ..self.config(timeout) };
        Some(Box::new(CommandRouter::new(config)))
    }

    fn at(&self, _peer: SocketAddr, _timeout: Duration) -> Box<dyn Router> {
        unreachable!("a script has no address")
    }

    fn secrets(&self) -> Vec<String> {
        vec![SECRET.to_owned()]
    }

    fn expire(&self) {
        fs::write(self.folder.path().join("good"), "another").unwrap();
    }

    fn renew(&self) {
        fs::write(self.folder.path().join("token"), "another").unwrap();
    }
}
