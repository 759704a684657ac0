//! How many colours a terminal shows, and the nearest of them.

use ratatui::style::{Color, Style};

/// How many colours a terminal shows.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub enum Depth {
    /// None: bold, dim and reversed only (`NO_COLOR`).
    None,
    /// The sixteen of ANSI.
    Ansi16,
    /// The 256 of xterm.
    Ansi256,
    /// Every colour.
    #[default]
    True,
}

/// The sixteen colours as most terminals draw them.
const SIXTEEN: [(Color, [u8; 3]); 16] = [
    (Color::Black, [0, 0, 0]),
    (Color::Red, [205, 0, 0]),
    (Color::Green, [0, 205, 0]),
    (Color::Yellow, [205, 205, 0]),
    (Color::Blue, [0, 0, 238]),
    (Color::Magenta, [205, 0, 205]),
    (Color::Cyan, [0, 205, 205]),
    (Color::Gray, [229, 229, 229]),
    (Color::DarkGray, [127, 127, 127]),
    (Color::LightRed, [255, 0, 0]),
    (Color::LightGreen, [0, 255, 0]),
    (Color::LightYellow, [255, 255, 0]),
    (Color::LightBlue, [92, 92, 255]),
    (Color::LightMagenta, [255, 0, 255]),
    (Color::LightCyan, [0, 255, 255]),
    (Color::White, [255, 255, 255]),
];

/// The levels of each channel in the 256 colours' cube.
const CUBE: [u8; 6] = [0, 95, 135, 175, 215, 255];

impl Depth {
    /// What the environment says: `NO_COLOR`, `COLORTERM` and `TERM`, each as it is set.
    pub fn of_environment(no_color: Option<&str>, colorterm: Option<&str>, term: Option<&str>) -> Self {
        if no_color.is_some_and(|value| !value.is_empty()) {
            return Self::None;
        }
        let term = term.unwrap_or_default();
        match colorterm {
            Some("truecolor" | "24bit") => Self::True,
            _ if term == "dumb" => Self::None,
            _ if term.contains("direct") => Self::True,
            _ if term.contains("256color") => Self::Ansi256,
            _ => Self::Ansi16,
        }
    }

    /// A style with the nearest colours that there are.
    pub fn fit(self, style: Style) -> Style {
        Style {
            fg: style.fg.map(|colour| self.nearest(colour)),
            bg: style.bg.map(|colour| self.nearest(colour)),
            ..style
        }
    }

    fn nearest(self, colour: Color) -> Color {
        match (self, colour) {
            (Self::None, _) => Color::Reset,
            (Self::Ansi256, Color::Rgb(red, green, blue)) => Color::Indexed(nearest_256([red, green, blue])),
            (Self::Ansi16, Color::Rgb(red, green, blue)) => nearest_16([red, green, blue]),
            (Self::Ansi16, Color::Indexed(index)) => nearest_16(rgb_of(index)),
            _ => colour,
        }
    }
}

/// Squared distance, weighted by how the eye weighs the channels.
fn distance(a: [u8; 3], b: [u8; 3]) -> u32 {
    let part = |index: usize| {
        let (a, b) = (a.get(index).copied().unwrap_or(0), b.get(index).copied().unwrap_or(0));
        u32::from(a.abs_diff(b)).pow(2)
    };
    2 * part(0) + 4 * part(1) + 3 * part(2)
}

fn nearest_16(rgb: [u8; 3]) -> Color {
    // A tinted colour must keep a hue: against the greys only its brightness would count.
    let tinted = spread(rgb) > 40;
    let among = SIXTEEN.iter().filter(|(_, each)| !tinted || spread(*each) > 0);
    among.min_by_key(|(_, each)| distance(rgb, *each)).map_or(Color::Reset, |(colour, _)| *colour)
}

fn spread(rgb: [u8; 3]) -> u8 {
    let [red, green, blue] = rgb;
    red.max(green).max(blue) - red.min(green).min(blue)
}

fn nearest_256(rgb: [u8; 3]) -> u8 {
    (16..=255).min_by_key(|index| distance(rgb, rgb_of(*index))).unwrap_or(16)
}

fn rgb_of(index: u8) -> [u8; 3] {
    match index {
        0..16 => SIXTEEN.get(usize::from(index)).map_or([0; 3], |(_, rgb)| *rgb),
        16..232 => {
            let place = index - 16;
            let level = |step: u8| CUBE.get(usize::from(step)).copied().unwrap_or(0);
            [level(place / 36), level(place / 6 % 6), level(place % 6)]
        }
        232.. => [8 + 10 * (index - 232); 3],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_says_how_many_colours_there_are() {
        let depth = Depth::of_environment;
        assert_eq!(depth(Some("1"), Some("truecolor"), Some("xterm-256color")), Depth::None);
        assert_eq!(depth(Some(""), Some("truecolor"), None), Depth::True);
        assert_eq!(depth(None, None, Some("screen-256color")), Depth::Ansi256);
        assert_eq!(depth(None, None, Some("linux")), Depth::Ansi16);
        assert_eq!(depth(None, None, Some("dumb")), Depth::None);
    }

    #[test]
    fn the_nearest_colour_keeps_its_hue() {
        let fit = |depth: Depth, rgb: [u8; 3]| depth.nearest(Color::Rgb(rgb[0], rgb[1], rgb[2]));
        assert_eq!(fit(Depth::Ansi256, [95, 135, 215]), Color::Indexed(68));
        assert_eq!(fit(Depth::Ansi16, [224, 80, 80]), Color::Red);
        assert_eq!(fit(Depth::Ansi16, [128, 128, 130]), Color::DarkGray);
        assert_eq!(fit(Depth::None, [224, 80, 80]), Color::Reset);
        assert_eq!(fit(Depth::True, [1, 2, 3]), Color::Rgb(1, 2, 3));
    }
}
