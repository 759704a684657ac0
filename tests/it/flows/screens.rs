//! Screens: moments of a flight as they are drawn, at the sizes that matter.

use flightdeck::cockpit::{ConfirmState, Overlay, OverlayKind, Pane};
use flightdeck::theme::{Depth, Glyphs, Theme};
use ratatui::layout::Rect;

use crate::support::app::{App, Mood};
use crate::support::scene::{at_thirty, draft, drawn, lines, opened, payments, picture, step, text, three_pools};

macro_rules! shot {
    ($name:literal, $app:expr, $columns:literal x $rows:literal) => {
        let picture = picture(&mut $app, $columns, $rows);
        insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
            insta::assert_snapshot!(concat!($name, "_", $columns, "x", $rows), picture);
        });
    };
}

#[test]
fn a_steady_split_at_every_size() {
    let mut app = at_thirty();
    shot!("steady", app, 120 x 36);
    shot!("steady", app, 80 x 24);
    shot!("steady", app, 220 x 60);
    shot!("steady", app, 40 x 12);
    shot!("steady", app, 39 x 11);
}

#[test]
fn a_draft_stands_beside_the_live_split() {
    let mut app = at_thirty();
    draft(&mut app, 50);
    shot!("draft", app, 120 x 36);
    shot!("draft", app, 80 x 24);
}

#[test]
fn a_confirmation_spells_every_router_out() {
    let mut app = at_thirty();
    app.keys("n").draw();
    shot!("confirm_key", app, 120 x 36);
    shot!("confirm_key", app, 80 x 24);
    shot!("confirm_key", app, 40 x 12);
}

#[test]
fn a_shift_off_plan_asks_for_its_target() {
    let mut app = at_thirty();
    app.keys("40<enter>").draw().keys("blue 4");
    shot!("confirm_typed", app, 120 x 36);
}

#[test]
fn a_failing_gate_stands_first() {
    let mut app = opened(payments(), &[50, 50]);
    step(&mut app, "n<drawn>y");
    app.pass(3_000).keys("n").draw();
    shot!("confirm_gate", app, 120 x 36);
}

#[test]
fn a_proposal_whose_ground_moved_is_void() {
    let mut app = at_thirty();
    app.keys("n").draw();
    app.router("eu-2").weights = vec![25, 75];
    app.pass(1_500);
    shot!("confirm_void", app, 120 x 36);
}

#[test]
fn a_pool_is_seen_draining() {
    let mut app = opened(payments(), &[50, 50]);
    step(&mut app, "n<drawn>y");
    app.pass(1_200);
    shot!("draining", app, 120 x 36);
    shot!("draining", app, 80 x 24);
    app.pass(3_500);
    shot!("draining_quiet", app, 120 x 36);
    app.pass(10_000);
    shot!("drained", app, 120 x 36);
}

#[test]
fn a_change_that_is_not_done_everywhere() {
    let mut app = at_thirty();
    app.router("eu-2").mood = Mood::Refuses;
    step(&mut app, "n<drawn>y");
    shot!("partial", app, 120 x 36);
    app.keys("x").draw();
    shot!("partial_dialog", app, 120 x 36);
}

#[test]
fn a_router_without_an_answer_is_unknown() {
    let mut app = at_thirty();
    app.keys("n").draw();
    app.router("eu-2").mood = Mood::Silent;
    app.keys("y").pass(7_000);
    shot!("unknown", app, 120 x 36);
    shot!("unknown", app, 80 x 24);
    app.keys("x").draw();
    shot!("unknown_dialog", app, 120 x 36);
}

#[test]
fn old_readings_are_grey_and_stand_still() {
    let mut app = at_thirty();
    for router in ["eu-1", "eu-2"] {
        app.router(router).mood = Mood::Silent;
    }
    app.pass(30_000);
    shot!("stale", app, 120 x 36);
}

#[test]
fn what_was_never_read_is_missing() {
    let mut app = App::new(payments());
    for watch in app.model.flight.watches.values_mut() {
        watch.last = None;
        watch.rates.clear();
    }
    shot!("missing", app, 120 x 36);
    shot!("missing", app, 80 x 24);
}

#[test]
fn a_weight_that_was_changed_outside_is_drift() {
    let mut app = at_thirty();
    app.router("eu-2").weights = vec![25, 75];
    app.pass(3_000);
    shot!("drift", app, 120 x 36);
    app.keys("d").draw();
    shot!("drift_dialog", app, 120 x 36);
}

#[test]
fn the_rollback_dialog_names_what_it_raises() {
    let mut app = at_thirty();
    app.router("eu-2").up = vec![3, 2];
    app.pass(1_500).keys("R").draw();
    shot!("rollback", app, 120 x 36);
    shot!("rollback", app, 80 x 24);
}

#[test]
fn a_persons_step_is_confirmed_by_a_person() {
    let mut app = opened(payments(), &[0, 100]);
    app.pass(10_000);
    step(&mut app, "n<drawn>y");
    app.pass(10_000).keys("n").draw();
    shot!("complete", app, 120 x 36);
}

#[test]
fn three_pools_have_three_hues_and_marks() {
    let mut app = opened(three_pools(), &[30, 60, 10]);
    app.pass(3_000);
    shot!("three_pools", app, 120 x 36);
    shot!("three_pools", app, 80 x 24);
}

#[test]
fn empty_panes_teach() {
    let mut procedure = payments();
    procedure.routers.clear();
    procedure.plan.clear();
    procedure.logs.clear();
    procedure.metrics.clear();
    procedure.checklist.sections.clear();
    let mut app = App::new(procedure);
    shot!("empty", app, 120 x 36);
    shot!("empty", app, 80 x 24);
}

#[test]
fn many_routers_scroll_and_long_names_are_cut() {
    let mut procedure = payments();
    let first = procedure.routers[0].clone();
    procedure.routers = (1..=24)
        .map(|number| flightdeck::domain::procedure::RouterSpec {
            id: format!("edge-frankfurt-datacentre-{number:02}").as_str().into(),
            ..first.clone()
        })
        .collect();
    // Every one of them has the traffic of a whole service.
    procedure.pools.iter_mut().for_each(|pool| pool.capacity_per_server = None);
    let mut app = opened(procedure, &[30, 70]);
    app.model.select_router(20);
    shot!("many_routers", app, 120 x 36);
    shot!("many_routers", app, 80 x 24);
}

#[test]
fn logs_show_pools_levels_marks_and_what_was_found() {
    let mut app = at_thirty();
    app.model.focus = Pane::Logs;
    shot!("logs", app, 80 x 24);
    app.keys("/stan=004218<enter>");
    lines(&mut app);
    app.keys("p");
    shot!("logs_filtered", app, 120 x 36);
    app.keys("z");
    shot!("logs_zoomed", app, 80 x 24);
}

#[test]
fn lists_and_questions() {
    let mut app = at_thirty();
    app.keys("?").draw();
    shot!("help", app, 80 x 24);
    app.keys("<esc>:roll").draw();
    shot!("palette", app, 80 x 24);
    app.keys("<esc>H").draw().keys("waiting for the acquirer");
    shot!("hold", app, 80 x 24);
    app.keys("<esc>M").draw();
    shot!("messages", app, 80 x 24);
}

#[test]
fn the_view_for_a_call_survives_video() {
    let mut app = at_thirty();
    app.keys("<f2>");
    shot!("call", app, 120 x 36);
    shot!("call", app, 80 x 24);
}

#[test]
fn no_size_and_no_overlay_makes_drawing_fail() {
    let mut apps = vec![at_thirty(), opened(three_pools(), &[30, 60, 10])];
    for app in &mut apps {
        draft(app, 50);
        app.keys("R").draw();
    }
    let theme = Theme::builtin("dark").expect("it is built in");
    for app in &mut apps {
        for call_view in [false, true] {
            app.model.call_view = call_view;
            for zoomed in [false, true] {
                app.model.zoomed = zoomed;
                for focus in Pane::ALL {
                    app.model.focus = focus;
                    for columns in (0..46).chain([60, 79, 80, 99, 100, 300]) {
                        for rows in [0, 1, 2, 3, 5, 8, 11, 12, 13, 17, 24, 28, 36, 100] {
                            drawn(&app.model, &theme, columns, rows);
                        }
                    }
                }
            }
        }
    }
}

#[test]
fn a_buffer_smaller_than_the_area_is_not_left() {
    let app = at_thirty();
    let theme = Theme::builtin("dark").expect("it is built in");
    let mut buffer = ratatui::buffer::Buffer::empty(Rect::new(0, 0, 30, 8));
    flightdeck::view::draw(&app.model, &theme, Rect::new(0, 0, 120, 36), &mut buffer);
    assert!(text(&buffer).contains("LIVE"), "the small screen is drawn into what is there");
}

#[test]
fn without_utf_8_every_mark_is_ascii_and_without_colour_pools_are_told_apart() {
    let mut app = at_thirty();
    app.model.size = (120, 36);
    let theme = Theme::builtin("dark").expect("it is built in").fitted(Depth::None, Glyphs::Ascii);
    let buffer = drawn(&app.model, &theme, 120, 36);
    let text = text(&buffer);
    assert!(text.is_ascii(), "{text}");
    insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
        insta::assert_snapshot!("plain_120x36", text);
    });
}

#[test]
fn motion_stops_with_the_setting_and_with_the_traffic() {
    let mut app = at_thirty();
    app.model.size = (120, 36);
    let theme = Theme::builtin("dark").expect("it is built in");
    let before = drawn(&app.model, &theme, 120, 36);
    app.model.beat += 3;
    assert_ne!(drawn(&app.model, &theme, 120, 36), before, "traffic moves with the beat");
    app.model.settings.motion = false;
    let still = drawn(&app.model, &theme, 120, 36);
    app.model.beat += 3;
    assert_eq!(drawn(&app.model, &theme, 120, 36), still, "and stands still without motion");
}

#[test]
fn an_overlay_of_every_kind_is_drawn_in_every_stage() {
    let mut app = at_thirty();
    let theme = Theme::builtin("dark").expect("it is built in");
    let step = app.model.flight.procedure.plan[1].id.clone();
    let kinds = [
        OverlayKind::Shift(ConfirmState { waiting: true, ..ConfirmState::default() }),
        OverlayKind::Complete { step, confirm: ConfirmState::default() },
        OverlayKind::Partial,
        OverlayKind::Drift { router: "eu-1".into() },
        OverlayKind::Reload(ConfirmState::default()),
        OverlayKind::Quit { stops: vec!["the soak begins anew".to_owned()], suspend: false },
        OverlayKind::Details { title: "eu-1".to_owned(), lines: vec!["x ".repeat(400)] },
    ];
    for kind in kinds {
        let name = format!("{kind:?}");
        app.model.overlay = Some(Overlay { kind, opened: 0, seen: true, by_enter: false, scroll: 9 });
        for (columns, rows) in [(5, 3), (12, 5), (40, 12), (80, 24), (200, 60)] {
            drawn(&app.model, &theme, columns, rows);
        }
        let screen = text(&drawn(&app.model, &theme, 120, 36));
        assert!(
            screen.contains("Esc") || screen.contains("Enter close") || screen.contains("confirmed"),
            "{name}: no way out is shown\n{screen}"
        );
    }
}
