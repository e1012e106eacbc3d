//! A report as text.
use core::fmt::Write as _;

use super::sample::{METRICS, Metric, Unit};
use super::stats::{ALPHA, Interval, quantile};
use super::{Group, MISMATCH, QUANTILES, Report, Row, shown};

/// The report for a terminal.
#[must_use]
pub fn text(report: &Report) -> String {
    let mut out = String::new();
    // Writing into a string does not fail.
    let _ = write(&mut out, report);
    out
}

fn write(out: &mut String, report: &Report) -> core::fmt::Result {
    writeln!(out, "{} requests in {} lines", report.all.requests, report.lines)?;
    if report.unreadable > 0 {
        writeln!(out, "{} lines are no lines of an access log", report.unreadable)?;
    }
    if let Some(saved) = report.all.saved() {
        let (paid, premium) = report.all.paid();
        let share = value(Unit::Share, saved.interval());
        writeln!(
            out,
            "saved {share} of what the premium model would have cost: {paid:.6} instead of \
             {premium:.6} credits"
        )?;
    }
    for group in &report.groups {
        writeln!(out)?;
        self::group(out, group)?;
    }
    for own in &report.copies {
        write!(
            out,
            "\nexperiment {}: {} copies, which served nobody, for {:.6} credits\n  of {} both \
             answers can be compared",
            own.experiment, own.copies, own.credits, own.compared
        )?;
        match own.agreement() {
            Some(share) => writeln!(out, ", and {} agree", value(Unit::Share, share))?,
            None => writeln!(out)?,
        }
    }
    writeln!(out, "\nbrackets: 95 % intervals. p and differences hold however often one looks.")
}

fn group(out: &mut String, group: &Group) -> core::fmt::Result {
    let Group { name, what, rows, .. } = group;
    if group.drawn {
        writeln!(out, "experiment {name}")?;
    } else {
        writeln!(out, "by {what} (not drawn by lot: differences need not be its doing)")?;
    }
    match group.mismatch {
        Some(p) if p < MISMATCH => writeln!(
            out,
            "  SAMPLE-RATIO MISMATCH: sizes like these come by chance once in {:.0} times; find \
             out why before you believe anything below",
            1.0 / p.max(1e-12)
        )?,
        Some(p) => writeln!(out, "  the arms' sizes agree with their weights (p = {p:.3})")?,
        None => {}
    }
    let first = rows.first().map(|row| row.name.as_str()).unwrap_or_default();
    for row in rows {
        let (requests, units) = (row.sample.requests, row.sample.units());
        let units = if units == requests { String::new() } else { format!(" of {units} units") };
        writeln!(out, "  {}  {requests} requests{units}", row.name)?;
        for (metric, difference) in METRICS.iter().zip(&row.differences) {
            let Some(own) = shown(&row.sample, metric) else { continue };
            write!(out, "    {:<20} {}", metric.title, value(metric.unit, own))?;
            write!(out, "{}", quantiles(row, metric))?;
            if let Some(difference) = difference {
                let by = value(metric.unit, difference.interval);
                let mark = if difference.p < ALPHA { "  *" } else { "" };
                write!(out, "   vs {first}: {by}, p = {:.3}{mark}", difference.p)?;
            }
            writeln!(out)?;
        }
        if let Some(saved) = row.sample.saved() {
            writeln!(out, "    {:<20} {}", "saved", value(Unit::Share, saved.interval()))?;
        }
    }
    Ok(())
}

fn quantiles(row: &Row, metric: &Metric) -> String {
    let times = row.sample.times(metric);
    let found = QUANTILES.iter().filter_map(|(name, part)| {
        let own = quantile(times, *part)?;
        Some(format!("  {name} {}", value(metric.unit, own)))
    });
    found.collect()
}

/// A number with its interval.
pub(super) fn value(unit: Unit, own: Interval) -> String {
    let one = |number: f64| match unit {
        Unit::Share => format!("{:.1}", number * 100.0),
        Unit::Milliseconds | Unit::Tokens => format!("{number:.0}"),
        Unit::Credits => format!("{number:.6}"),
        Unit::Score => format!("{number:.3}"),
    };
    let named = match unit {
        Unit::Share => " %",
        Unit::Milliseconds => " ms",
        Unit::Tokens | Unit::Credits | Unit::Score => "",
    };
    format!("{}{named} [{}, {}]", one(own.value), one(own.low), one(own.high))
}
