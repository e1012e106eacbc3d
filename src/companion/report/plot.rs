//! A metric's rows as dots with their intervals, in SVG.
use core::fmt::Write as _;

use super::stats::{Interval, float};

const WIDTH: f64 = 460.0;
const NAMES: f64 = 130.0;
const ROW: f64 = 26.0;

/// Dots on one scale, each with its name.
pub(super) fn dots(rows: &[(String, Interval, String)]) -> String {
    let ends = rows.iter().flat_map(|(_, own, _)| [own.low, own.value, own.high]);
    let ends = ends.filter(|end| end.is_finite());
    let low = ends.clone().fold(0.0, f64::min);
    let high = ends.fold(f64::NEG_INFINITY, f64::max);
    let span = if high > low { high - low } else { 1.0 };
    let room = WIDTH - NAMES - 20.0;
    // What has no end goes to the end of the scale.
    let at = |value: f64| NAMES + ((value - low) / span).clamp(0.0, 1.0) * room;
    let height = ROW * float(rows.len()) + 8.0;
    let mut out = format!(
        "<svg viewBox=\"0 0 {WIDTH} {height}\" width=\"{WIDTH}\" height=\"{height}\" role=\"img\">"
    );
    let zero = at(0.0);
    let _ = write!(
        out,
        "<line class=\"zero\" x1=\"{zero:.1}\" x2=\"{zero:.1}\" y1=\"0\" y2=\"{height}\"/>"
    );
    for (index, (name, own, title)) in rows.iter().enumerate() {
        let y = ROW * float(index) + ROW / 2.0 + 4.0;
        let (from, to, dot) = (at(own.low), at(own.high), at(own.value));
        let _ = write!(
            out,
            "<g><title>{title}</title><text x=\"0\" y=\"{:.1}\">{name}</text>\
             <line class=\"range\" x1=\"{from:.1}\" x2=\"{to:.1}\" y1=\"{y:.1}\" y2=\"{y:.1}\"/>\
             <circle cx=\"{dot:.1}\" cy=\"{y:.1}\" r=\"5\"/></g>",
            y + 4.0
        );
    }
    out.push_str("</svg>");
    out
}

/// A text that may stand in HTML.
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            other => out.push(other),
        }
    }
    out
}
