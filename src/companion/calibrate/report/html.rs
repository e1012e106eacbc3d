//! The report as a page: one file, without scripts, that says first what matters most.
use super::Report;
use super::figures::{CAVEATS, percent, points, quality, saved, verdict};
use super::plot::{Line, Mark, Plot};
use crate::companion::calibrate::curve::Point;
use crate::companion::calibrate::outcome::Outcome;
use crate::companion::html::Html;

/// How it looks.
const STYLE: &str = include_str!("style.css");

/// The report as a page.
#[must_use]
pub fn html(report: &Report<'_>) -> String {
    Html::document(|h| {
        h.element("head", &[], |h| {
            h.leaf("meta", &[("charset", "utf-8")], "");
            let wide = [("name", "viewport"), ("content", "width=device-width, initial-scale=1")];
            h.leaf("meta", &wide, "");
            h.leaf("title", &[], "Calibration");
            h.style(STYLE);
        });
        h.element("body", &[], |h| h.element("main", &[], |h| body(report, h)));
    })
}

fn body(report: &Report<'_>, html: &mut Html) {
    let calibration = report.calibration;
    html.leaf("h1", &[], "Calibration of the complexity score");
    html.leaf("p", &[("class", "verdict")], &verdict(report));
    tiles(report, html);
    section(html, "What it saves and what it costs", |h| {
        money(report).write(h);
        table(report, h);
    });
    section(html, "Each route by itself", |h| routes(report, h));
    section(html, "More labels", |h| {
        more(report).write(h);
        if !report.calibration.learning.is_empty() {
            ranking(report).write(h);
        }
    });
    section(html, "How to read this", |h| {
        h.element("ul", &[], |h| {
            for note in report.set.notes.iter().map(String::as_str).chain(CAVEATS) {
                h.leaf("li", &[], note);
            }
        });
        let made = format!(
            "{} labels of {} texts; seed {}; {}; a loss of at most {} at {} confidence; {} known \
             routes.",
            report.set.rows.len(),
            report.set.clusters,
            report.seed,
            report.price,
            points(report.rule.max_loss).trim_start_matches('+'),
            percent(report.confidence),
            calibration.weights.routes.len(),
        );
        h.leaf("p", &[("class", "soft")], &made);
    });
}

fn section(html: &mut Html, title: &str, content: impl FnOnce(&mut Html)) {
    html.element("section", &[], |h| {
        h.leaf("h2", &[], title);
        content(h);
    });
}

fn tiles(report: &Report<'_>, html: &mut Html) {
    let expected = &report.calibration.expected;
    let ranking = report.calibration.ranking;
    let ranking = ranking.map_or_else(|| "undefined".to_owned(), |own| format!("{:.3}", own.0));
    html.element("dl", &[("class", "tiles")], |h| {
        for (name, value) in [
            ("saved", saved(expected)),
            ("quality", quality(expected.quality)),
            ("to the budget model", percent(expected.budget)),
            ("ranking (0.5 is chance)", ranking),
            ("threshold", report.calibration.weights.threshold.to_string()),
        ] {
            h.element("div", &[], |h| {
                h.leaf("dt", &[], name);
                h.leaf("dd", &[], &value);
            });
        }
    });
}

/// Quality over savings.
fn money<'r>(report: &'r Report<'_>) -> Plot<'r> {
    let curves = &report.calibration.curves;
    let of = |points: &[Point]| {
        points.iter().map(|p| (p.saved * 100.0, p.quality * 100.0)).collect::<Vec<_>>()
    };
    let all = curves.all_budget;
    let mark = |name, class, of: &Outcome| {
        let (low, high) = of.quality.interval();
        Mark {
            name,
            class,
            at: (of.saved.mean * 100.0, of.quality.mean * 100.0),
            interval: Some((low * 100.0, high * 100.0)),
        }
    };
    Plot {
        id: "money",
        title: "Quality by what is saved",
        x: "saved, % of the spend",
        y: "change of quality, pp",
        lines: vec![
            Line { name: "by score, out of fold", class: "s0", points: of(&curves.calibrated) },
            Line { name: "by length alone", class: "s1", points: of(&curves.length) },
            Line {
                name: "by chance",
                class: "s3",
                points: vec![(0.0, 0.0), (all.saved * 100.0, all.quality * 100.0)],
            },
        ],
        marks: vec![
            mark("what the threshold does, nested", "s0", &report.calibration.expected),
            mark("length alone under the same rule", "s1", &report.calibration.by_length),
            Mark { name: "always premium", class: "s2", at: (0.0, 0.0), interval: None },
        ],
        level: Some((-report.rule.max_loss * 100.0, "allowed")),
        by_factors: false,
    }
}

/// Savings over labels.
fn more<'r>(report: &'r Report<'_>) -> Plot<'r> {
    let rows = report.set.rows.len() as f64;
    let points: Vec<_> = report
        .calibration
        .more
        .iter()
        .map(|(more, saved)| ((more * rows).round(), saved * 100.0))
        .collect();
    let now = points.iter().find(|(labels, _)| *labels == rows).copied();
    Plot {
        id: "more",
        title: "What more labels would save, if the ranking stays as it is",
        x: "labels",
        y: "saved, %",
        lines: vec![Line { name: "if the ranking stays as it is", class: "s0", points }],
        marks: now
            .map(|at| Mark { name: "labels there are", class: "s0", at, interval: None })
            .into_iter()
            .collect(),
        level: None,
        by_factors: true,
    }
}

/// The ranking over labels.
fn ranking<'r>(report: &'r Report<'_>) -> Plot<'r> {
    let learning = &report.calibration.learning;
    Plot {
        id: "ranking",
        title: "How good the ranking is by the number of labels",
        x: "labels",
        y: "ranking (APGR)",
        lines: vec![Line {
            name: "by score, on rows that were not learned from",
            class: "s0",
            points: learning.iter().map(|(labels, value)| (*labels as f64, *value)).collect(),
        }],
        marks: Vec::new(),
        level: report.calibration.ranking.map(|own| (own.1, "by length")),
        by_factors: true,
    }
}

fn table(report: &Report<'_>, html: &mut Html) {
    let calibration = report.calibration;
    let rows = [
        ("calibrated (nested)", &calibration.expected),
        ("length of the text alone, same rule", &calibration.by_length),
        ("chance, same rule", &calibration.by_chance),
    ];
    let all = calibration.curves.all_budget;
    let own = |(name, of): (&str, &Outcome)| {
        [name.to_owned(), percent(of.budget), saved(of), quality(of.quality)]
    };
    let mut rows: Vec<[String; 4]> = rows.into_iter().map(own).collect();
    let always = |name: &str, budget: f64, saved: f64, quality: f64| {
        [name.to_owned(), percent(budget), percent(saved), points(quality)]
    };
    rows.push(always("always premium", 0.0, 0.0, 0.0));
    rows.push(always("always budget", 1.0, all.saved, all.quality));
    write_table(html, &["", "to budget", "saved", "quality"], &rows);
}

fn routes(report: &Report<'_>, html: &mut Html) {
    let row = |route: &crate::companion::calibrate::OfRoute| {
        let of = &route.outcome;
        let name = if route.name.is_empty() { "(none)" } else { &route.name };
        [
            name.to_owned(),
            of.rows.to_string(),
            quality(of.gap),
            percent(of.budget),
            saved(of),
            quality(of.quality),
            route.verdict.to_owned(),
        ]
    };
    let rows: Vec<[String; 7]> = report.calibration.routes.iter().map(row).collect();
    let head =
        ["route", "labels", "premium is better by", "to budget", "saved", "quality", "verdict"];
    write_table(html, &head, &rows);
}

fn write_table<const N: usize>(html: &mut Html, head: &[&str; N], rows: &[[String; N]]) {
    html.element("div", &[("class", "scroll")], |h| {
        h.element("table", &[], |h| {
            h.element("thead", &[], |h| {
                h.element("tr", &[], |h| {
                    head.iter().for_each(|name| h.leaf("th", &[("scope", "col")], name));
                });
            });
            h.element("tbody", &[], |h| {
                for row in rows {
                    h.element("tr", &[], |h| row.iter().for_each(|cell| h.leaf("td", &[], cell)));
                }
            });
        });
    });
}
