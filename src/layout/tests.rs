//! The geometry at every size.

use super::*;

fn screen(columns: u16, rows: u16) -> Screen {
    Screen { size: (columns, rows), focus: Pane::Traffic, zoomed: false, routers: 2, router: 0, pools: 2, draft: true }
}

fn rectangles(areas: &Areas) -> Vec<Rect> {
    let mut found = vec![areas.header, areas.strip, areas.traffic, areas.plan, areas.checklist, areas.metrics];
    found.extend([areas.logs, areas.message, areas.way_back, areas.footer]);
    found.extend(areas.tabs.iter().map(|(area, _)| *area));
    found.extend(areas.inside.rectangles());
    found
}

#[test]
fn everything_lies_within_the_terminal_at_any_size() {
    for columns in (0..130).chain([200, 220, 300]) {
        for rows in (0..70).chain([100]) {
            for focus in Pane::ALL {
                for (zoomed, routers, pools) in [(false, 0, 2), (false, 2, 2), (true, 3, 3), (false, 25, 5)] {
                    let screen = Screen { focus, zoomed, routers, pools, router: 7, ..screen(columns, rows) };
                    let areas = areas(&screen);
                    for each in rectangles(&areas).into_iter().filter(|area| !area.is_empty()) {
                        assert_eq!(each.intersection(areas.all), each, "{screen:?}");
                    }
                }
            }
        }
    }
}

#[test]
fn the_way_back_is_in_view_at_any_size_of_two_rows() {
    for (columns, rows) in [(1, 2), (20, 5), (39, 11), (40, 12), (80, 24), (120, 36), (300, 100)] {
        assert_eq!(areas(&screen(columns, rows)).way_back.height, 1, "{columns}x{rows}");
    }
}

#[test]
fn a_small_terminal_has_tabs_and_a_click_on_one_names_its_pane() {
    let areas = areas(&screen(80, 24));
    assert_eq!(areas.shape, Shape::Tabs);
    let (tab, _) = areas.tabs[2];
    assert_eq!(areas.hit(tab.x + 2, tab.y), Some(Hit { pane: Pane::Logs, row: None, on: HitOn::Tab }));
    assert!(areas.inner(Pane::Checklist).height >= 7, "{areas:?}");
}

#[test]
fn a_click_on_a_bar_tells_the_share() {
    let areas = areas(&screen(120, 36));
    let bar = areas.inside.bar;
    let hit = areas.hit(bar.x + bar.width / 2, bar.y).expect("the bar is on the screen");
    assert!(matches!(hit.on, HitOn::Bar(BasisPoints(4_800..=5_200))), "{hit:?}");
}

#[test]
fn frames_share_their_borders() {
    let areas = areas(&screen(120, 36));
    assert_eq!(areas.traffic.bottom() - 1, areas.plan.y);
    assert_eq!(areas.plan.bottom() - 1, areas.metrics.y);
    assert_eq!(areas.traffic.right() - 1, areas.checklist.x);
    assert_eq!(areas.metrics.right() - 1, areas.logs.x);
    assert_eq!(areas.checklist.bottom() - 1, areas.logs.y);
}
