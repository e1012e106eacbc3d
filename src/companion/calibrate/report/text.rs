//! The report as a text, for a terminal.
use std::fmt::Write as _;

use super::Report;
use super::figures::{CAVEATS, NO_GAP, percent, points, quality, saved, verdict};
use crate::companion::calibrate::outcome::Outcome;

/// The report as a text.
#[must_use]
pub fn text(report: &Report<'_>) -> String {
    let mut out = String::new();
    // Writing to memory does not fail.
    let _ = write(report, &mut out);
    out
}

fn write(report: &Report<'_>, out: &mut String) -> std::fmt::Result {
    let calibration = report.calibration;
    let (set, expected) = (report.set, &calibration.expected);
    writeln!(out, "{}\n", folded(&verdict(report)))?;
    writeln!(
        out,
        "Labels      {} of {} texts, seed {}",
        set.rows.len(),
        set.clusters,
        report.seed
    )?;
    writeln!(out, "Price       {}", report.price)?;
    writeln!(out, "Gap         premium is better by {}", quality(expected.gap))?;
    match calibration.ranking {
        Some((score, length)) => writeln!(
            out,
            "Ranking     {score:.3} by score, {length:.3} by length, 0.5 by chance (APGR, out of \
             fold)\n"
        )?,
        None => writeln!(out, "Ranking     undefined: {NO_GAP}\n")?,
    }
    writeln!(out, "{:<26}{:>8}  {:<24}quality", "under the same rule", "budget", "saved")?;
    let rows = [
        ("calibrated (nested)", expected),
        ("length of the text alone", &calibration.by_length),
        ("chance", &calibration.by_chance),
    ];
    for (name, of) in rows {
        row(out, name, of)?;
    }
    let all = calibration.curves.all_budget;
    let (gap, all_saved) = (points(all.quality), percent(all.saved));
    writeln!(out, "{:<26}{:>8}  {:<24}{:+.2} pp", "always premium", "0.0 %", "0.0 %", 0.0)?;
    writeln!(out, "{:<26}{:>8}  {all_saved:<24}{gap}\n", "always budget", "100.0 %")?;
    writeln!(out, "{:<26}{:>8}  {:<24}quality", "route", "labels", "saved")?;
    for route in &calibration.routes {
        let name = if route.name.is_empty() { "(none)" } else { &route.name };
        let of = &route.outcome;
        let (saved, quality) = (saved(of), quality(of.quality));
        writeln!(out, "{name:<26}{:>8}  {saved:<24}{quality}  {}", of.rows, route.verdict)?;
    }
    if !calibration.learning.is_empty() {
        writeln!(out, "\nLabels and ranking (0.5 is chance)")?;
    }
    for (labels, ranking) in &calibration.learning {
        writeln!(out, "{labels:>8}  {ranking:.3}")?;
    }
    writeln!(out, "\nWith more labels, if the ranking stays as it is")?;
    for (more, saved) in &calibration.more {
        let labels = set.rows.len() as f64 * more;
        writeln!(out, "{labels:>8.0}  {} saved", percent(*saved))?;
    }
    writeln!(out)?;
    for note in set.notes.iter().map(String::as_str).chain(CAVEATS) {
        writeln!(out, "* {}", folded(note).replace('\n', "\n  "))?;
    }
    Ok(())
}

fn row(out: &mut String, name: &str, of: &Outcome) -> std::fmt::Result {
    let (budget, saved, quality) = (percent(of.budget), saved(of), quality(of.quality));
    writeln!(out, "{name:<26}{budget:>8}  {saved:<24}{quality}")
}

/// A sentence in lines of 96 letters at most.
fn folded(text: &str) -> String {
    let (mut out, mut column) = (String::new(), 0_usize);
    for word in text.split(' ') {
        let length = word.chars().count();
        if column > 0 && column.saturating_add(length) > 95 {
            out.push('\n');
            column = 0;
        } else if column > 0 {
            out.push(' ');
            column = column.saturating_add(1);
        }
        out.push_str(word);
        column = column.saturating_add(length);
    }
    out
}
