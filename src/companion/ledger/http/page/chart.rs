//! What was spent by model and day, as stacked bars in SVG, and as a table for screen readers.
use std::collections::BTreeMap;

use super::amount;
use super::scale;
use crate::companion::html::Html;
use crate::credit::Credits;

/// Models that have a colour of their own; the rest share one.
const COLOURED: usize = 7;

/// The picture's measures, in its own units.
const WIDTH: u64 = 1080;
const HEIGHT: u64 = 290;
const LEFT: u64 = 76;
const TOP: u64 = 12;
const BOTTOM: u64 = 244;
const PLOT_WIDTH: u64 = WIDTH - LEFT - 8;
const PLOT_HEIGHT: u64 = BOTTOM - TOP;

/// What the chart shows.
#[derive(Debug)]
pub(super) struct Chart {
    /// Every day from the first to the last, with or without spend.
    days: Vec<String>,
    /// The models, the dearest first, and what each cost on each of the days, in millionths.
    models: Vec<(String, Vec<u64>)>,
}

impl Chart {
    /// Rows of day, model and credits; those of other days are left out.
    pub(super) fn new<'r>(
        days: Vec<String>,
        rows: impl IntoIterator<Item = (&'r str, &'r str, Credits)>,
    ) -> Self {
        let mut spent: BTreeMap<&str, Vec<u64>> = BTreeMap::new();
        for (day, model, credits) in rows {
            let Some(at) = days.iter().position(|own| own == day) else { continue };
            let of_model = spent.entry(model).or_insert_with(|| vec![0; days.len()]);
            add(of_model, at, credits.micros());
        }
        let named = |(model, by_day): (&str, _)| (label(model), by_day);
        let mut models: Vec<(String, Vec<u64>)> = spent.into_iter().map(named).collect();
        models.sort_by_key(|(_, by_day)| core::cmp::Reverse(sum(by_day)));
        let rest = models.split_off(models.len().min(COLOURED));
        let mut others = vec![0; days.len()];
        for (_, by_day) in &rest {
            by_day.iter().enumerate().for_each(|(at, micros)| add(&mut others, at, *micros));
        }
        match rest.len() {
            0 => {}
            count => models.push((format!("{count} other models"), others)),
        }
        Self { days, models }
    }

    /// Writes it with its heading, its legend and its table.
    pub(super) fn write(&self, title: &str, html: &mut Html) {
        html.leaf("h2", &[], title);
        if self.models.is_empty() {
            html.leaf("p", &[("class", "none")], "Nothing was spent in these days.");
            return;
        }
        html.element("figure", &[], |h| {
            h.element("div", &[("class", "scroll")], |h| self.picture(title, h));
            h.element("figcaption", &[], |h| self.legend(h));
        });
        html.element("details", &[], |h| {
            h.leaf("summary", &[], "The same as a table");
            h.element("div", &[("class", "scroll")], |h| self.table(h));
        });
    }

    fn day(&self, at: usize) -> u64 {
        let of_day = |(_, by_day): &(String, Vec<u64>)| by_day.get(at).copied().unwrap_or(0);
        self.models.iter().map(of_day).fold(0, u64::saturating_add)
    }

    fn picture(&self, title: &str, html: &mut Html) {
        let most = (0..self.days.len()).map(|at| self.day(at)).max().unwrap_or(0);
        let step = scale::step(most);
        let top = step.saturating_mul(scale::steps(most, step));
        let view = format!("0 0 {WIDTH} {HEIGHT}");
        let named = [("viewBox", &*view), ("role", "img"), ("aria-labelledby", "chart-title")];
        html.element("svg", &named, |h| {
            let first = self.days.first().map_or("", String::as_str);
            let last = self.days.last().map_or("", String::as_str);
            let said = format!("{title}: stacked bars from {first} to {last}, in credits");
            h.leaf("title", &[("id", "chart-title")], &said);
            grid(step, top, h);
            for (at, day) in self.days.iter().enumerate() {
                self.bar(at, day, top, h);
            }
            let middle = TOP.saturating_add(PLOT_HEIGHT / 2);
            let turned = format!("rotate(-90 14 {middle})");
            let place = [("x", "14"), ("y", &*middle.to_string()), ("text-anchor", "middle")];
            let turned = [&place[..], &[("transform", &*turned)]].concat();
            h.leaf("text", &turned, "credits a day");
            let x = LEFT.saturating_add(PLOT_WIDTH / 2).to_string();
            let y = HEIGHT.saturating_sub(6).to_string();
            h.leaf("text", &[("x", &x), ("y", &y), ("text-anchor", "middle")], "day (UTC)");
        });
    }

    /// One day: the dearest model at the foot.
    fn bar(&self, at: usize, day: &str, top: u64, html: &mut Html) {
        let count = u64::try_from(self.days.len()).unwrap_or(1).max(1);
        let slot = PLOT_WIDTH.checked_div(count).unwrap_or(PLOT_WIDTH);
        let left = u64::try_from(at).unwrap_or(0).saturating_mul(slot).saturating_add(LEFT);
        let gap = slot / 6;
        let x = left.saturating_add(gap).to_string();
        let width = slot.saturating_sub(gap.saturating_mul(2)).max(1).to_string();
        let mut below = 0_u64;
        for (index, (model, by_day)) in self.models.iter().enumerate() {
            let micros = by_day.get(at).copied().unwrap_or(0);
            if micros == 0 {
                continue;
            }
            let foot = scale::along(below, top, PLOT_HEIGHT);
            below = below.saturating_add(micros);
            let head = scale::along(below, top, PLOT_HEIGHT);
            let y = BOTTOM.saturating_sub(head).to_string();
            let height = head.saturating_sub(foot).max(1).to_string();
            let class = format!("s{index}");
            let place =
                [("class", &*class), ("x", &x), ("y", &y), ("width", &width), ("height", &height)];
            html.element("rect", &place, |h| {
                h.leaf("title", &[], &format!("{day}, {model}: {} credits", exact(micros)));
            });
        }
        // Every other label where days are many.
        if count <= 10 || at.is_multiple_of(2) {
            let x = left.saturating_add(slot / 2).to_string();
            let y = BOTTOM.saturating_add(17).to_string();
            let text = day.get(5..).unwrap_or(day);
            html.leaf("text", &[("x", &x), ("y", &y), ("text-anchor", "middle")], text);
        }
    }

    fn legend(&self, html: &mut Html) {
        html.element("ul", &[("class", "legend")], |h| {
            for (index, (model, by_day)) in self.models.iter().enumerate() {
                h.element("li", &[], |h| {
                    let box_of = [("viewBox", "0 0 10 10"), ("aria-hidden", "true")];
                    h.element("svg", &box_of, |h| {
                        let class = format!("s{index}");
                        let size = [("class", &*class), ("width", "10"), ("height", "10")];
                        h.leaf("rect", &size, "");
                    });
                    h.text(&format!("{model} "));
                    h.leaf("span", &[("class", "soft")], &amount::micros(sum(by_day)));
                });
            }
        });
    }

    fn table(&self, html: &mut Html) {
        html.element("table", &[], |h| {
            h.element("thead", &[], |h| {
                h.element("tr", &[], |h| {
                    h.leaf("th", &[("scope", "col")], "Day");
                    for (model, _) in &self.models {
                        h.leaf("th", &[("scope", "col"), ("class", "n")], model);
                    }
                });
            });
            h.element("tbody", &[], |h| {
                for (at, day) in self.days.iter().enumerate().filter(|(at, _)| self.day(*at) > 0) {
                    h.element("tr", &[], |h| {
                        h.leaf("th", &[("scope", "row")], day);
                        for (_, by_day) in &self.models {
                            let micros = by_day.get(at).copied().unwrap_or(0);
                            h.leaf("td", &[("class", "n")], &exact(micros));
                        }
                    });
                }
            });
        });
    }
}

/// Lines across, and what each stands for.
fn grid(step: u64, top: u64, html: &mut Html) {
    for at in 0..=scale::steps(top, step) {
        let value = step.saturating_mul(at);
        let y = BOTTOM.saturating_sub(scale::along(value, top, PLOT_HEIGHT));
        let ends = (LEFT.to_string(), LEFT.saturating_add(PLOT_WIDTH).to_string(), y.to_string());
        let class = if at == 0 { "axis" } else { "grid" };
        let line =
            [("class", class), ("x1", &*ends.0), ("x2", &ends.1), ("y1", &ends.2), ("y2", &ends.2)];
        html.leaf("line", &line, "");
        let x = LEFT.saturating_sub(8).to_string();
        let y = y.saturating_add(4).to_string();
        html.leaf("text", &[("x", &x), ("y", &y), ("text-anchor", "end")], &exact(value));
    }
}

fn label(model: &str) -> String {
    if model.is_empty() { "no model named".to_owned() } else { model.to_owned() }
}

fn exact(micros: u64) -> String {
    Credits::clamped(micros.into()).to_string()
}

fn sum(micros: &[u64]) -> u64 {
    micros.iter().copied().fold(0, u64::saturating_add)
}

fn add(by_day: &mut [u64], at: usize, micros: u64) {
    if let Some(own) = by_day.get_mut(at) {
        *own = own.saturating_add(micros);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_dearest_model_comes_first_and_the_rest_share_a_colour() {
        let names: Vec<String> = (0..10).map(|n| format!("m{n}")).collect();
        let rows = names.iter().zip(1_u64..).map(|(name, n)| {
            ("2026-01-02", &**name, Credits::of_micros(n.saturating_mul(1_000_000)).unwrap())
        });
        let late = ("2026-02-01", "m9", Credits::of_micros(1).unwrap());
        let chart = Chart::new(vec!["2026-01-02".to_owned()], rows.chain([late]));
        let models: Vec<_> = chart.models.iter().map(|(name, _)| &**name).collect();
        assert_eq!(models, ["m9", "m8", "m7", "m6", "m5", "m4", "m3", "3 other models"]);
        assert_eq!(chart.models[7].1, [6_000_000]);
        let page = Html::document(|h| chart.write("Spend <by> model", h));
        assert!(page.contains("2026-01-02, m9: 10 credits"), "{page}");
        assert!(page.contains("Spend &lt;by&gt; model"), "{page}");
    }
}
