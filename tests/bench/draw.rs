//! Drawing a whole frame of 200x60: the goal is 400 µs.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    missing_docs,
    reason = "a bench that cannot go on says so loudly"
)]

#[path = "../it/support/action.rs"]
#[allow(dead_code, unreachable_pub, clippy::missing_panics_doc, clippy::panic, reason = "shared with the tests")]
mod action;
#[path = "../it/support/app.rs"]
#[allow(
    dead_code,
    unreachable_pub,
    clippy::missing_panics_doc,
    clippy::string_slice,
    clippy::unnecessary_wraps,
    reason = "shared with the tests"
)]
mod app;
#[path = "../it/support/procedure.rs"]
#[allow(dead_code, unreachable_pub, clippy::missing_panics_doc, reason = "shared with the tests")]
mod procedure;
#[path = "../it/support/scene.rs"]
#[allow(dead_code, unreachable_pub, clippy::missing_panics_doc, reason = "shared with the tests")]
mod scene;
#[path = "../it/support/scripted.rs"]
#[allow(dead_code, unreachable_pub, clippy::unnecessary_wraps, reason = "shared with the tests")]
mod scripted;

use flightdeck::cockpit::Msg;
use flightdeck::theme::Theme;
use flightdeck::view;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

fn main() {
    println!("{:<62} goal p50 400 µs", "draw of a full 200x60 frame (below, column median)");
    divan::main();
}

/// The panes, moving, with a draft and full logs.
#[divan::bench]
fn frame_200x60(bencher: divan::Bencher) {
    draw(bencher, "");
}

/// The same with a confirmation over it.
#[divan::bench]
fn frame_200x60_with_a_confirmation(bencher: divan::Bencher) {
    draw(bencher, "n");
}

fn draw(bencher: divan::Bencher, keys: &str) {
    let mut app = scene::at_thirty();
    for _ in 0..500 {
        scene::lines(&mut app);
    }
    app.tell(Msg::Resized { columns: 200, rows: 60 }).keys(keys);
    let theme = Theme::builtin("dark").expect("it is built in");
    let area = Rect::new(0, 0, 200, 60);
    bencher.with_inputs(|| Buffer::empty(area)).bench_local_refs(|buffer| {
        view::draw(&app.model, &theme, area, buffer);
    });
}
