//! Two people on one host: the journal is a directory that they share.

use crate::support::call::Call;

#[test]
fn on_one_host_a_shift_of_two_a_hold_and_somebody_who_only_watches() {
    let shared = tempfile::tempdir().unwrap();
    let call = Call::on_one_host(shared.path(), "[confirm]\nshift = \"two\"\n");
    let (mut ana, mut raj) = call.pair();
    let mut mia = call.join("mia", &["--observe"]);
    mia.shows(&["ana drives  raj copilot  mia watching only"]);
    ana.shows(&["ana (you) drives  raj copilot  mia watches"]);
    ana.next("ask the second person");
    mia.shows(&["ana asks: shift 100 / 0 → 50 / 50"]);
    raj.gives_their_word();
    for cockpit in [&mut ana, &mut raj, &mut mia] {
        cockpit.step_is_over();
        cockpit.reads("50 / 50");
    }
    call.blue_has(50.0);

    raj.press_until("H", "Hold");
    raj.keys("errors rise\r");
    for cockpit in [&ana, &raj, &mia] {
        cockpit.shows(&["held by raj: errors rise"]);
    }
    ana.press_until("n", "✗ held by raj: errors rise");
    ana.pty.escape("A quarter · checkout");

    for key in ["n", "R", "H", "A", "t", "+", "O"] {
        mia.is_told(key, "you only watch");
        assert!(!mia.has("╭ A quarter") && !mia.has("╭ Roll back"), "{key} opens nothing:\n{}", mia.pty.text());
    }
    call.blue_has(50.0);
    let record = call.record_with(&["joined as an observer", "errors rise", "1 change, 1 verified everywhere"]);
    assert!(!record.contains("| mia | did"), "{record}");
    for cockpit in [ana, raj, mia] {
        cockpit.quit();
    }
    call.end();
}
