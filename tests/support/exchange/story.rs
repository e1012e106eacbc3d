//! Stories of several requests on one proxy: read, played, and told.
//!
//! A story begins with lines that say what it shows (`#`). Sections follow, in the order in which
//! things happen: `--- policy NAME` (again: another policy comes into force), `--- buy TENANT
//! CREDITS`, `--- ledger fair|slow|lost|STATUS` (slow answers come with the next `--- ledger`),
//! `--- ask NAME` with a request, `--- MODEL STATUS` with an answer of a provider to whoever asks
//! it next, `--- MODEL refused`, `--- MODEL unconnected`, `--- MODEL silent`, `--- more MODEL` with
//! what comes after `~~~ more`, `--- leaves NAME`, `--- cut NAME` (by Envoy, which ends),
//! `--- shed NAME` (by Envoy, which has too much to do),
//! `--- limits fair|away|SECONDS` (what the service says that counts for several proxies),
//! `--- hears NAME` (what an app has by now), `--- pass MILLISECONDS`, `--- stall MILLISECONDS` (no
//! tick meanwhile). Messages are written as in scripts. After `=== told` stands what must happen, a
//! line each, and after `=== then` the accounts and the counters. Nothing may be open in the end.
use std::rc::Rc;

use super::bank::Weather;
use super::gateway::Gateway;
use super::proxy::Proxy;
use super::script::{Answer, message, request, split};
use super::service::Service;

/// Plays a story: what is told of it, and what is wrong with it. `before` sees the proxy before
/// each thing that happens, with the word for it and the policy in force.
pub(crate) fn tell(
    text: &str,
    policy: impl Fn(&str) -> Result<Gateway, String>,
    mut before: impl FnMut(&mut Proxy, (&str, &str)),
) -> Result<(String, Vec<String>), String> {
    let given = split(text).0;
    let given = given.strip_suffix('\n').unwrap_or(given).replace("\\\n", "\u{0}\n");
    let mut sections = given.split("\n--- ");
    if !sections.next().is_some_and(|about| about.lines().all(|line| line.starts_with('#'))) {
        return Err("the first lines say what it shows".to_owned());
    }
    let (mut proxy, mut tenants, mut in_force) = (None, Vec::new(), "");
    for section in sections {
        let (title, text) = section.split_once('\n').unwrap_or((section, ""));
        let text = format!("{text}\n").replace("\u{0}\n", "");
        let (word, rest) = title.split_once(' ').ok_or(format!("no section is `{title}`"))?;
        if word == "policy" {
            in_force = rest;
            let gateway = Rc::new(policy(rest)?);
            match &mut proxy {
                None => proxy = Some(Proxy::new(gateway)),
                Some(proxy) => proxy.configure(gateway),
            }
            continue;
        }
        let proxy = proxy.as_mut().ok_or("a story begins with its policy")?;
        if word == "buy" {
            let (tenant, _) = rest.split_once(' ').ok_or("`--- buy TENANT CREDITS`")?;
            tenants.push(tenant.to_owned());
        }
        before(proxy, (word, in_force));
        happens(proxy, (word, rest), &text)?;
    }
    let mut proxy = proxy.ok_or("a story begins with its policy")?;
    let open: Vec<String> = proxy.open().map(|(name, _)| format!("{name} is still open")).collect();
    proxy.wrong.extend(open);
    tenants.sort();
    tenants.dedup();
    Ok(written(proxy, &tenants))
}

/// The same of workers each of which has served nobody before: every request comes to another one.
#[cfg_attr(target_family = "wasm", expect(dead_code, reason = "native tests use it"))]
pub(crate) fn tell_of_many(
    text: &str,
    policy: impl Fn(&str) -> Result<Gateway, String>,
) -> Result<(String, Vec<String>), String> {
    tell(text, &policy, |proxy, (word, in_force)| {
        if word == "ask"
            && let Ok(own) = policy(in_force)
        {
            proxy.configure(Rc::new(own));
        }
    })
}

fn happens(proxy: &mut Proxy, (word, rest): (&str, &str), text: &str) -> Result<(), String> {
    let number = |text: &str| text.parse::<u64>().map_err(|_| format!("`{text}` is no number"));
    match word {
        "buy" => {
            let (tenant, credits) = rest.split_once(' ').unwrap_or_default();
            let credits = credits.parse().map_err(|_| format!("`{credits}` is no amount"))?;
            proxy.bank.buy(tenant, credits, proxy.now());
        }
        "ledger" => {
            proxy.bank.weather = match rest {
                "fair" => Weather::Fair,
                "slow" => Weather::Slow,
                "lost" => Weather::Lost,
                status => Weather::Status(u16::try_from(number(status)?).unwrap_or(0)),
            };
            proxy.told.push(format!("- the ledger: {rest}"));
            proxy.ledger_answers();
        }
        "ask" => proxy.ask(rest, &request(text)?),
        "more" => proxy.more(rest, &message(text, &[])?),
        "leaves" => proxy.leaves(rest),
        "cut" => proxy.cut(rest),
        "shed" => proxy.sheds(rest),
        "pass" => {
            proxy.told.push(format!("- {rest} ms pass"));
            proxy.pass(number(rest)?);
        }
        "limits" => {
            proxy.told.push(format!("- the limits of all proxies: {rest}"));
            proxy.limits(Service::read(rest).ok_or("`--- limits fair|away|SECONDS`")?);
        }
        "hears" => proxy.hears(rest),
        "stall" => {
            proxy.told.push(format!("- {rest} ms pass without a tick"));
            proxy.stall(number(rest)?);
        }
        model => proxy.answers(model, Answer::read(rest, text)?),
    }
    Ok(())
}

fn written(mut proxy: Proxy, tenants: &[String]) -> (String, Vec<String>) {
    let mut out = String::from("=== told\n");
    for same in proxy.told.chunk_by(|one, next| one == next) {
        let again = same.len().saturating_sub(1);
        out.push_str(same.first().map_or("", String::as_str));
        out.push_str(&if again > 0 { format!(" and {again} times again\n") } else { "\n".into() });
    }
    out.push_str("=== then\n");
    for tenant in tenants {
        out.push_str(&format!("{tenant} has {}\n", proxy.bank.stands(tenant)));
        let audit = proxy.bank.audit(tenant);
        proxy.wrong.extend(audit);
    }
    for (name, count) in proxy.take_counted() {
        out.push_str(&format!("{count} {name}\n"));
    }
    (out, proxy.wrong)
}
