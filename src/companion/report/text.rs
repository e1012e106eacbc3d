//! A report as text.
use core::fmt::Write as _;

use super::Report;
use super::group::{Group, Independent};
use super::metric::{METRICS, Metric, QUANTILES, Unit};
use super::sample::Shown;
use super::sizes::MISMATCH;
use super::stats::{ALPHA, Interval, LEAST, chance, float, once_in};

/// The report for a terminal.
#[must_use]
pub fn text(report: &Report) -> String {
    let mut out = String::new();
    // Writing into a string does not fail.
    let _ = write(&mut out, report);
    out
}

fn write(out: &mut String, report: &Report) -> core::fmt::Result {
    writeln!(out, "{} requests in {} lines", report.requests, report.lines)?;
    if report.repeated > 0 {
        writeln!(out, "{} lines have stood there before, and count once", report.repeated)?;
    }
    if report.unreadable > 0 {
        writeln!(out, "{} lines are no lines of an access log", report.unreadable)?;
    }
    if let Some(share) = report.saved.share {
        let (paid, premium) = (report.saved.paid, report.saved.premium);
        let share = value(Unit::Share, share);
        writeln!(
            out,
            "saved {share} of what the premium model would have cost: {paid:.6} instead of \
             {premium:.6} credits"
        )?;
    }
    left_out(report).iter().try_for_each(|note| writeln!(out, "{note}"))?;
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
    writeln!(
        out,
        "\nbrackets: 95 % intervals, inf where a sample is too small for a bound. p and \
         differences hold however often one looks, each for itself; those of times, tokens and \
         cost are told from {LEAST} units of an arm on."
    )
}

/// What is not in the numbers, if something is not.
pub(super) fn left_out(report: &Report) -> Vec<String> {
    let (untold, strangers) = (report.saved.untold, report.strangers);
    let untold = (untold > 0).then(|| {
        format!(
            "{untold} requests are left out of what was saved: their lines do not say what they \
             cost, or what the answer alone used (older versions did not)"
        )
    });
    let strangers = (strangers > 0).then(|| {
        format!(
            "{strangers} scores are left out: another tenant or user has given them than had sent \
             the request"
        )
    });
    untold.into_iter().chain(strangers).collect()
}

/// What the numbers of a group suppose.
pub(super) fn notes(group: &Group) -> Vec<String> {
    let Group { sizes, independent, .. } = group;
    let mut notes = Vec::new();
    if sizes.unnamed {
        notes.push(
            "sizes are held against the weights of the policy given: the log does not say which \
             policy drew its requests, and a change of weights looks like a mismatch"
                .to_owned(),
        );
    }
    if sizes.changed {
        notes.push(
            "several policies have drawn these requests: where their weights differ, or are not \
             given, arms are of different times, so what differs is told within each and put \
             together; an arm's own numbers are those of its times"
                .to_owned(),
        );
    }
    if sizes.left_out > 0 {
        notes.push(format!(
            "sizes of {} requests are not held against weights: other policies have drawn them; \
             give these, too (--policy NEW --policy OLD)",
            sizes.left_out
        ));
    }
    if *independent == Independent::UnitsUntold {
        notes.push(
            "by request: the log does not say what keeps an arm, and where that is a user or a \
             conversation intervals and p are too small"
                .to_owned(),
        );
    }
    notes
}

fn group(out: &mut String, group: &Group) -> core::fmt::Result {
    let Group { name, what, rows, .. } = group;
    if group.drawn {
        writeln!(out, "experiment {name}")?;
    } else {
        writeln!(
            out,
            "by {what} (not drawn by lot: differences need not be its doing; requests taken for \
             independent)"
        )?;
    }
    match group.sizes.chance {
        Some(p) if p < MISMATCH => writeln!(
            out,
            "  SAMPLE-RATIO MISMATCH: sizes like these come by chance {}; find out why before you \
             believe anything below",
            once_in(p)
        )?,
        Some(p) => writeln!(out, "  the arms' sizes agree with their weights ({})", chance(p))?,
        None => {}
    }
    notes(group).iter().try_for_each(|note| writeln!(out, "  {note}"))?;
    let first = rows.first().map(|row| row.name.as_str()).unwrap_or_default();
    for row in rows {
        let (requests, units) = (row.requests, row.units);
        let units = if units == requests { String::new() } else { format!(" of {units} units") };
        writeln!(out, "  {}  {requests} requests{units}", row.name)?;
        for (metric, own) in METRICS.iter().zip(&row.metrics) {
            let Some((shown, difference)) = own else { continue };
            write!(out, "    {:<20} {}", metric.title, value(metric.unit, shown.mean))?;
            write!(out, "{}{}", quantiles(metric, shown), missing(shown))?;
            if let Some(difference) = difference {
                let by = value(metric.unit, difference.interval);
                let mark = if difference.p < ALPHA { "  *" } else { "" };
                write!(out, "   vs {first}: {by}, {}{mark}", chance(difference.p))?;
            }
            writeln!(out)?;
        }
        if let Some(saved) = row.saved.share {
            writeln!(out, "    {:<20} {}", "saved", value(Unit::Share, saved))?;
        }
    }
    Ok(())
}

fn quantiles(metric: &Metric, shown: &Shown) -> String {
    let found = QUANTILES.iter().zip(shown.quantiles).filter_map(|((name, _), own)| {
        own.map(|own| format!("  {name} {}", value(metric.unit, own)))
    });
    found.collect()
}

/// How many lines do not say it.
pub(super) fn missing(shown: &Shown) -> String {
    match shown.missing {
        0 => String::new(),
        count => format!("  (not said of {count})"),
    }
}

/// A number with its interval.
pub(super) fn value(unit: Unit, own: Interval) -> String {
    let one = |own: f64| number(unit, own);
    let named = match unit {
        Unit::Share => " %",
        Unit::Milliseconds => " ms",
        Unit::Tokens | Unit::Credits | Unit::Score => "",
    };
    format!("{}{named} [{}, {}]", one(own.value), one(own.low), one(own.high))
}

/// A number without its unit, shares in per cent: with a few digits more where it would read as
/// none or all and is not.
pub(super) fn number(unit: Unit, own: f64) -> String {
    if own.is_finite() && own.abs() >= 1e15 {
        return format!("{own:.3e}");
    }
    let (own, all, digits): (f64, f64, usize) = match unit {
        Unit::Share => (own * 100.0, 100.0, 1),
        Unit::Milliseconds | Unit::Tokens => (own, 0.0, 0),
        Unit::Credits => (own, 0.0, 6),
        Unit::Score => (own, 0.0, 3),
    };
    let misread = |digits: usize| {
        let half = 0.5 * 0.1_f64.powf(float(digits));
        let off = |end: f64| (own.abs() - end).abs();
        // What the arithmetic leaves is no number of its own.
        [0.0, all].into_iter().any(|end| off(end) > 1e-9 && off(end) <= half)
    };
    let most = digits.saturating_add(3);
    let digits = (digits..most).find(|digits| !misread(*digits)).unwrap_or(most);
    format!("{own:.digits$}")
}

#[cfg(test)]
mod tests {
    use super::{Unit, number};
    use crate::companion::report::stats::{chance, once_in};

    #[test]
    fn what_is_nearly_none_or_all_does_not_read_as_that() {
        for (unit, own, shown) in [
            (Unit::Share, 0.0, "0.0"),
            (Unit::Share, 0.043, "4.3"),
            (Unit::Share, 0.0004, "0.04"),
            (Unit::Share, -0.0004, "-0.04"),
            (Unit::Share, 0.000_000_1, "0.0000"),
            (Unit::Share, 0.9996, "99.96"),
            (Unit::Share, 1.0, "100.0"),
            (Unit::Milliseconds, 1552.4, "1552"),
            (Unit::Tokens, 0.3, "0.3"),
            (Unit::Credits, 0.000_000_2, "0.0000002"),
            (Unit::Score, 0.573, "0.573"),
            (Unit::Milliseconds, f64::INFINITY, "inf"),
            (Unit::Milliseconds, 1e300, "1.000e300"),
        ] {
            assert_eq!(number(unit, own), shown);
        }
    }

    #[test]
    fn no_chance_reads_as_none() {
        let chances = [0.0, 0.000_999, 0.001, 0.049_6, 1.0].map(chance);
        assert_eq!(chances, ["p < 0.001", "p < 0.001", "p = 0.001", "p = 0.050", "p = 1.000"]);
        let often = [0.0, 1e-7, 0.000_37].map(once_in);
        let rare = "less than once in a million times";
        assert_eq!(often, [rare, rare, "about once in 2700 times"]);
    }
}
