//! A plot in SVG: lines and marks over two axes.
use crate::companion::html::Html;

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 340.0;
const LEFT: f64 = 64.0;
const RIGHT: f64 = 16.0;
const TOP: f64 = 14.0;
const BOTTOM: f64 = 46.0;

/// Most steps of an axis.
const STEPS: f64 = 6.0;

/// One line of a plot.
#[derive(Debug)]
pub(super) struct Line<'p> {
    pub(super) name: &'p str,
    /// Its class: `s0` to `s3` are colours.
    pub(super) class: &'static str,
    pub(super) points: Vec<(f64, f64)>,
}

/// One point that stands out, with its interval up and down.
#[derive(Debug)]
pub(super) struct Mark<'p> {
    pub(super) name: &'p str,
    pub(super) class: &'static str,
    pub(super) at: (f64, f64),
    pub(super) interval: Option<(f64, f64)>,
}

/// A plot.
#[derive(Debug)]
pub(super) struct Plot<'p> {
    pub(super) id: &'static str,
    pub(super) title: &'p str,
    pub(super) x: &'p str,
    pub(super) y: &'p str,
    pub(super) lines: Vec<Line<'p>>,
    pub(super) marks: Vec<Mark<'p>>,
    /// A line across, and what it stands for.
    pub(super) level: Option<(f64, &'p str)>,
    /// Equal steps along x are equal factors.
    pub(super) by_factors: bool,
}

impl Plot<'_> {
    /// Writes it with its legend.
    pub(super) fn write(&self, html: &mut Html) {
        html.element("figure", &[], |h| {
            let view = format!("0 0 {WIDTH} {HEIGHT}");
            let named = [("viewBox", view.as_str()), ("role", "img"), ("aria-labelledby", self.id)];
            h.element("svg", &named, |h| {
                h.leaf("title", &[("id", self.id)], self.title);
                self.picture(h);
            });
            h.element("figcaption", &[], |h| self.legend(h));
        });
    }

    fn picture(&self, html: &mut Html) {
        let x_of = |x: f64| if self.by_factors { x.max(1.0).log10() } else { x };
        let lines = self.lines.iter().flat_map(|line| line.points.iter().copied());
        let marks = self.marks.iter().flat_map(|mark| {
            let (low, high) = mark.interval.unwrap_or((mark.at.1, mark.at.1));
            [(mark.at.0, low), (mark.at.0, high)]
        });
        let all: Vec<(f64, f64)> = lines.chain(marks).map(|(x, y)| (x_of(x), y)).collect();
        let level = self.level.map(|(level, _)| level);
        let ys = Axis::of(all.iter().map(|(_, y)| *y).chain(level), HEIGHT - BOTTOM, TOP);
        let xs = Axis::of(all.iter().map(|(x, _)| *x), LEFT, WIDTH - RIGHT);
        for tick in ys.ticks() {
            let (class, y) = (if tick == 0.0 { "axis" } else { "grid" }, ys.at(tick));
            line(html, class, (LEFT, y), (WIDTH - RIGHT, y));
            label(html, "end", (LEFT - 8.0, y + 4.0), &number(tick, ys.step));
        }
        if self.by_factors {
            let mut seen: Vec<f64> = all.iter().map(|(x, _)| *x).collect();
            seen.sort_by(f64::total_cmp);
            seen.dedup();
            for x in seen {
                let text = format!("{:.0}", 10_f64.powf(x));
                label(html, "middle", (xs.at(x), HEIGHT - BOTTOM + 18.0), &text);
            }
        } else {
            for tick in xs.ticks() {
                let place = (xs.at(tick), HEIGHT - BOTTOM + 18.0);
                label(html, "middle", place, &number(tick, xs.step));
            }
        }
        label(html, "middle", ((LEFT + WIDTH) / 2.0, HEIGHT - 8.0), self.x);
        let turned = format!("rotate(-90 14 {})", HEIGHT / 2.0 - 20.0);
        let y = format!("{}", HEIGHT / 2.0 - 20.0);
        let place =
            [("x", "14"), ("y", y.as_str()), ("text-anchor", "middle"), ("transform", &turned)];
        html.leaf("text", &place, self.y);
        if let Some((level, name)) = self.level {
            let y = ys.at(level);
            line(html, "level", (LEFT, y), (WIDTH - RIGHT, y));
            label(html, "end", (WIDTH - RIGHT - 4.0, y - 5.0), name);
        }
        for own in &self.lines {
            let points: Vec<String> = own
                .points
                .iter()
                .map(|(x, y)| format!("{:.1},{:.1}", xs.at(x_of(*x)), ys.at(*y)))
                .collect();
            let class = format!("line {}", own.class);
            html.leaf("polyline", &[("class", &class), ("points", &points.join(" "))], "");
        }
        for mark in &self.marks {
            let (x, y) = (xs.at(x_of(mark.at.0)), ys.at(mark.at.1));
            if let Some((low, high)) = mark.interval {
                let class = format!("line {}", mark.class);
                line(html, &class, (x, ys.at(low)), (x, ys.at(high)));
            }
            let (x, y) = (format!("{x:.1}"), format!("{y:.1}"));
            let place = [("class", mark.class), ("cx", &x), ("cy", &y), ("r", "5")];
            html.element("circle", &place, |h| h.leaf("title", &[], mark.name));
        }
    }

    fn legend(&self, html: &mut Html) {
        let lines = self.lines.iter().map(|line| (line.class, line.name));
        let marks = self.marks.iter().map(|mark| (mark.class, mark.name));
        html.element("ul", &[("class", "legend")], |h| {
            for (class, name) in lines.chain(marks) {
                h.element("li", &[], |h| {
                    let view = [("viewBox", "0 0 10 10"), ("aria-hidden", "true")];
                    h.element("svg", &view, |h| {
                        let size = [("class", class), ("width", "10"), ("height", "10")];
                        h.leaf("rect", &size, "");
                    });
                    h.text(name);
                });
            }
        });
    }
}

/// An axis from one round number to another.
struct Axis {
    low: f64,
    high: f64,
    step: f64,
    from: f64,
    to: f64,
}

impl Axis {
    fn of(values: impl Iterator<Item = f64>, from: f64, to: f64) -> Self {
        let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
        values.for_each(|value| (low, high) = (low.min(value), high.max(value)));
        if low >= high || !low.is_finite() || !high.is_finite() {
            (low, high) = if low.is_finite() { (low - 0.5, low + 0.5) } else { (0.0, 1.0) };
        }
        let rough = (high - low) / STEPS;
        let power = 10_f64.powf(rough.log10().floor());
        let round = [1.0, 2.0, 5.0, 10.0].into_iter().find(|round| round * power >= rough);
        let step = round.unwrap_or(10.0) * power;
        let (low, high) = ((low / step).floor() * step, (high / step).ceil() * step);
        Self { low, high, step, from, to }
    }

    fn at(&self, value: f64) -> f64 {
        self.from + (value - self.low) / (self.high - self.low) * (self.to - self.from)
    }

    fn ticks(&self) -> impl Iterator<Item = f64> {
        let count = ((self.high - self.low) / self.step).round() as u32;
        let (low, step) = (self.low, self.step);
        // Close to zero is zero.
        (0..=count).map(move |at| {
            let tick = low + f64::from(at) * step;
            if tick.abs() < step / 1e6 { 0.0 } else { tick }
        })
    }
}

fn number(value: f64, step: f64) -> String {
    let digits = (-step.log10().floor()).clamp(0.0, 6.0) as usize;
    format!("{value:.digits$}")
}

fn line(html: &mut Html, class: &str, from: (f64, f64), to: (f64, f64)) {
    let text = [from.0, to.0, from.1, to.1].map(|number| format!("{number:.1}"));
    let [x1, x2, y1, y2] = &text;
    html.leaf("line", &[("class", class), ("x1", x1), ("x2", x2), ("y1", y1), ("y2", y2)], "");
}

fn label(html: &mut Html, anchor: &str, at: (f64, f64), text: &str) {
    let (x, y) = (format!("{:.1}", at.0), format!("{:.1}", at.1));
    html.leaf("text", &[("x", &x), ("y", &y), ("text-anchor", anchor)], text);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_have_round_steps_that_hold_all_values() {
        for (low, high, step, ends) in [
            (0.0, 43.7, 10.0, (0.0, 50.0)),
            (-4.68, 0.05, 1.0, (-5.0, 1.0)),
            (0.52, 0.79, 0.05, (0.5, 0.8)),
            (3.0, 3.0, 0.2, (2.4, 3.6)),
        ] {
            let axis = Axis::of([low, high].into_iter(), 0.0, 100.0);
            assert!((axis.step - step).abs() < 1e-9, "{low} to {high}: {}", axis.step);
            assert!((axis.low - ends.0).abs() < 1e-9 && (axis.high - ends.1).abs() < 1e-9);
            assert!(axis.ticks().count() <= 8);
        }
        assert_eq!([number(-1.0, 0.5), number(40.0, 10.0)], ["-1.0", "40"]);
    }

    #[test]
    fn a_plot_of_nothing_is_drawn_too() {
        let plot = Plot {
            id: "none",
            title: "Nothing <yet>",
            x: "x",
            y: "y",
            lines: Vec::new(),
            marks: Vec::new(),
            level: None,
            by_factors: true,
        };
        let page = Html::document(|h| plot.write(h));
        assert!(page.contains("Nothing &lt;yet&gt;") && !page.contains("NaN"), "{page}");
    }
}
