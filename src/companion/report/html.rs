//! A report as one page of HTML that needs nothing else.
use core::fmt::Write as _;

use super::Report;
use super::copies::Found;
use super::group::Group;
use super::metric::{METRICS, Unit};
use super::plot::{dots, escaped};
use super::sizes::MISMATCH;
use super::stats::{ALPHA, Interval, LEAST, chance, once_in};
use super::text::{left_out, missing, notes, number, value};

const HEAD: &str = "<!doctype html>
<html lang=\"en\"><head><meta charset=\"utf-8\"><title>Tradewind: report</title>
<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">
<style>
:root { color-scheme: light dark; --ink: #1c2530; --soft: #667; --line: #c8d0da; --dot: #1769aa;
  --bad: #b3261e; --paper: #fff; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6edf3; --soft: #9aa7b4; --line: #39434e;
  --dot: #6cb6ff; --bad: #ff8a80; --paper: #12171d; } }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper);
  max-width: 1080px; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem } h2 { font-size: 1.2rem; margin-top: 2.2rem }
h3 { font-size: 1rem; margin: 0 }
.grid { display: grid; grid-template-columns: repeat(auto-fill, minmax(480px, 1fr)); gap: 1.2rem }
.card { border: 1px solid var(--line); border-radius: 8px; padding: .8rem 1rem }
.big { font-size: 2rem; font-weight: 600 } .soft { color: var(--soft) }
.bad { color: var(--bad); font-weight: 600 }
svg text { font-size: 12px; fill: var(--ink) } svg circle { fill: var(--dot) }
svg .range { stroke: var(--dot); stroke-width: 3; opacity: .45 } svg .zero { stroke: var(--line) }
table { border-collapse: collapse; width: 100%; font-size: 13px } th { font-weight: 600 }
td, th { text-align: left; padding: .2rem .5rem; border-top: 1px solid var(--line) }
</style></head><body>
";

/// The page.
#[must_use]
pub fn page(report: &Report) -> String {
    let mut out = HEAD.to_owned();
    // Writing into a string does not fail.
    let _ = write(&mut out, report);
    out.push_str("</body></html>\n");
    out
}

fn write(out: &mut String, report: &Report) -> core::fmt::Result {
    writeln!(out, "<h1>What the access log says</h1>")?;
    writeln!(out, "<p class=\"soft\">{} requests in {} lines", report.requests, report.lines)?;
    if report.repeated > 0 {
        writeln!(out, ", {} of them stood there before and count once", report.repeated)?;
    }
    if report.unreadable > 0 {
        writeln!(out, ", {} of them no lines of an access log", report.unreadable)?;
    }
    writeln!(out, "</p>")?;
    if let Some(own) = report.saved.share {
        let (paid, premium) = (report.saved.paid, report.saved.premium);
        writeln!(
            out,
            "<div class=\"card\"><span class=\"big\">{} %</span> saved against the premium \
             model alone<br><span class=\"soft\">95 %: {} to {} %. {paid:.6} credits \
             instead of {premium:.6}.</span></div>",
            number(Unit::Share, own.value),
            number(Unit::Share, own.low),
            number(Unit::Share, own.high)
        )?;
    }
    let left_out = left_out(report);
    left_out.iter().try_for_each(|note| writeln!(out, "<p class=\"soft\">{note}.</p>"))?;
    report.groups.iter().try_for_each(|group| self::group(out, group))?;
    report.copies.iter().try_for_each(|own| copies(out, own))?;
    writeln!(
        out,
        "<p class=\"soft\">Bars are 95 % intervals. Differences and p are those of confidence \
         sequences: they hold however often one looks, each for itself; those of times, tokens \
         and cost are told from {LEAST} units of an arm on. Of experiments units, of other groups \
         requests are taken for independent.</p>"
    )
}

fn copies(out: &mut String, own: &Found) -> core::fmt::Result {
    writeln!(
        out,
        "<h2>Experiment {}</h2><p>{} copies, which served nobody, for {:.6} credits. Of {} both \
         answers can be compared",
        escaped(&own.experiment),
        own.copies,
        own.credits,
        own.compared
    )?;
    if let Some(Interval { value, low, high }) = own.agreement() {
        let [value, low, high] = [value, low, high].map(|share| share * 100.0);
        write!(out, ": {value:.1} % (95 %: {low:.1} to {high:.1} %) agree")?;
    }
    writeln!(out, ".</p>")
}

/// Whether the arms are as large as their weights say.
fn sizes(out: &mut String, group: &Group) -> core::fmt::Result {
    match group.sizes.chance {
        Some(p) if p < MISMATCH => writeln!(
            out,
            "<p class=\"bad\">Sample-ratio mismatch: the arms' sizes do not follow their weights. \
             Sizes like these come by chance {}. Find out why before you believe anything \
             below.</p>",
            once_in(p)
        ),
        Some(p) => writeln!(
            out,
            "<p class=\"soft\">The arms' sizes agree with their weights ({}).</p>",
            escaped(&chance(p))
        ),
        None => Ok(()),
    }
}

fn group(out: &mut String, group: &Group) -> core::fmt::Result {
    if group.drawn {
        writeln!(out, "<h2>Experiment {}</h2>", escaped(&group.name))?;
    } else {
        let what = escaped(&group.what);
        writeln!(
            out,
            "<h2>By {what}</h2><p class=\"soft\">Not drawn by lot: a difference need not be its \
             doing.</p>"
        )?;
    }
    sizes(out, group)?;
    let notes = notes(group);
    notes.iter().try_for_each(|note| writeln!(out, "<p class=\"soft\">{}</p>", escaped(note)))?;
    writeln!(out, "<div class=\"grid\">")?;
    for (place, metric) in METRICS.iter().enumerate() {
        let rows = group.rows.iter().filter_map(|row| {
            let (own, _) = row.metrics.get(place)?.as_ref()?;
            Some((escaped(&row.name), own.mean, value(metric.unit, own.mean)))
        });
        let rows: Vec<_> = rows.collect();
        if rows.is_empty() || rows.iter().all(|(_, own, _)| own.value == 0.0) {
            continue;
        }
        writeln!(out, "<div class=\"card\"><h3>{}</h3>{}", metric.title, dots(&rows))?;
        writeln!(out, "<table>")?;
        for row in &group.rows {
            let Some((own, difference)) = row.metrics.get(place).and_then(Option::as_ref) else {
                continue;
            };
            let against = difference.map(|own| {
                let mark = if own.p < ALPHA { "<b>differs</b>" } else { "" };
                format!("{} {} {mark}", value(metric.unit, own.interval), escaped(&chance(own.p)))
            });
            let against = against.unwrap_or_default();
            let name = escaped(&row.name);
            writeln!(
                out,
                "<tr><th>{name}</th><td>{}{}</td><td>{against}</td></tr>",
                value(metric.unit, own.mean),
                missing(own)
            )?;
        }
        writeln!(out, "</table></div>")?;
    }
    writeln!(out, "</div>")?;
    totals(out, group)
}

/// How many requests and units each row has, and what was saved.
fn totals(out: &mut String, group: &Group) -> core::fmt::Result {
    writeln!(
        out,
        "<table><tr><th>{}</th><th>requests</th><th>units</th><th>saved</th></tr>",
        group.what
    )?;
    for row in &group.rows {
        let saved = row.saved.share.map(|own| value(Unit::Share, own));
        let (name, saved) = (escaped(&row.name), saved.unwrap_or_default());
        let (requests, units) = (row.requests, row.units);
        writeln!(
            out,
            "<tr><th>{name}</th><td>{requests}</td><td>{units}</td><td>{saved}</td></tr>"
        )?;
    }
    writeln!(out, "</table>")
}
