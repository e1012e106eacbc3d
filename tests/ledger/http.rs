//! The same over HTTP: what a script asks goes through the service's front door.
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};

use serde_json::{Value, json};
use tradewind::companion::ledger::{Options, Service};
use tradewind::credit::{
    Adjust, Buy, Buying, Change, Command, Configure, Moment, NewHold, Settle, SettledPart, Tiers,
};

use crate::stores::Kept;
use crate::subject::{Question, Subject, Told};

/// A service in front of a ledger.
pub(crate) struct Front {
    kept: Kept,
    address: SocketAddr,
    _service: Service,
}

impl Front {
    pub(crate) fn open() -> Self {
        let kept = Kept::open("sqlite::memory:");
        let options = Options::at("127.0.0.1:0".parse().unwrap());
        let service = kept.runtime.block_on(Service::start(kept.ledger.clone(), options)).unwrap();
        Self { kept, address: service.address(), _service: service }
    }

    /// Status and body of an answer.
    fn call(&self, call: &str, headers: &str, body: &Value) -> (u16, Value) {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let mut stream = TcpStream::connect(self.address).unwrap();
        write!(
            stream,
            "{call} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n{headers}\
             content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        )
        .unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        (status, serde_json::from_str(body).unwrap_or_else(|why| panic!("{call}: {why}: {text}")))
    }

    fn get(&self, path: &str) -> Option<Value> {
        let (status, body) = self.call(&format!("GET {path}"), "", &Value::Null);
        (status == 200).then_some(body)
    }

    /// What a tenant's page of the API says of its standing.
    fn standing(&self, tenant: &str) -> String {
        let tenant = self.get(&format!("/v1/tenants/{tenant}"));
        let part = |key| tenant.as_ref().map_or("-".to_owned(), |tenant| text(&tenant[key]));
        match tenant {
            Some(_) => {
                format!("{} {} {}", part("balance"), part("available"), part("last_purchase"))
            }
            None => "-".to_owned(),
        }
    }

    fn told(&self, outcome: &str, tenant: Option<&str>) -> Told {
        let standing = tenant.map_or("-".to_owned(), |tenant| self.standing(tenant));
        Told {
            outcome: outcome.to_owned(),
            standing,
            deal: "-".to_owned(),
            because: "-".to_owned(),
        }
    }

    fn hold(&self, hold: &NewHold) -> Told {
        let body = json!({
            "hold_id": hold.hold_id, "tenant": hold.tenant, "user": hold.user, "key": hold.key,
            "credits": hold.credits.to_string(), "expires_in": hold.expires_in,
        });
        let (status, body) = self.call("POST /v1/holds", "", &body);
        let outcome = match status {
            201 => "held".to_owned(),
            200 => "held_before".to_owned(),
            _ => text(&body["code"]),
        };
        let mut told = self.told(&outcome, Some(&hold.tenant));
        if let Some(budget) = body["budget"].as_object() {
            let part = |key: &str| budget.get(key).map(text);
            let label = |key: &str| part(key).map(|name| format!(" {key} {name}"));
            told.because = format!(
                "{} {}{} {} {} {}",
                text(&budget["per"]),
                text(&budget["credits"]),
                label("user").or(label("key")).unwrap_or_default(),
                text(&budget["spent"]),
                text(&budget["held"]),
                text(&budget["resets_at"]),
            );
        }
        told
    }

    /// Settlements that follow each other go in one batch.
    fn settle(&self, settlements: &[&Settle]) -> Vec<Told> {
        let items: Vec<Value> = settlements.iter().map(|settle| item(settle)).collect();
        let (status, body) = self.call("POST /v1/settlements", "", &json!({"settlements": items}));
        assert_eq!(status, 200, "{body}");
        let results = body["results"].as_array().unwrap();
        let told = |(settle, result): (&&Settle, &Value)| {
            self.told(&text(&result["state"]), Some(&settle.tenant))
        };
        settlements.iter().zip(results).map(told).collect()
    }

    fn buy(&self, buy: &Buy) -> Told {
        let mut body = match buy.buying {
            Buying::Credits(credits) => json!({"credits": credits.to_string()}),
            Buying::Paid(paid) => json!({"paid": paid.to_string()}),
        };
        if let Some(expires_at) = buy.expires_at {
            body["expires_at"] = expires_at.to_string().into();
        }
        let key = format!("idempotency-key: {}\r\n", buy.key);
        let call = format!("POST /v1/tenants/{}/purchases", buy.tenant);
        let (status, body) = self.call(&call, &key, &body);
        let outcome = match status {
            201 => "purchased".to_owned(),
            200 => "purchased_before".to_owned(),
            _ => text(&body["code"]),
        };
        let mut told = self.told(&outcome, Some(&buy.tenant));
        if status < 300 {
            let part = |key: &str| text(&body[key]);
            told.deal = format!("{} {} {}", part("credits"), part("paid"), part("discount"));
            // As it was after the purchase, when it is told again.
            let standing = (part("balance"), part("available"), part("credits"));
            told.standing = format!("{} {} {}", standing.0, standing.1, standing.2);
        }
        told
    }

    fn adjust(&self, adjust: &Adjust) -> Told {
        let mut body = match &adjust.change {
            Change::Credit { credits, expires_at } => {
                let mut body = json!({"credits": credits.to_string()});
                if let Some(expires_at) = expires_at {
                    body["expires_at"] = expires_at.to_string().into();
                }
                body
            }
            Change::Debit { credits } => json!({"credits": credits.to_string()}),
            Change::Refund { purchase, credits } => {
                json!({"purchase": purchase, "credits": credits.map(|credits| credits.to_string())})
            }
            Change::Void { lot } => json!({"lot": format!("{}/{lot}", adjust.tenant)}),
        };
        body["kind"] = adjust.change.name().into();
        body["reason"] = adjust.reason.clone().into();
        let key = format!("idempotency-key: {}\r\n", adjust.key);
        let call = format!("POST /v1/tenants/{}/adjustments", adjust.tenant);
        let (status, body) = self.call(&call, &key, &body);
        let outcome = match status {
            201 => "adjusted".to_owned(),
            200 => "adjusted_before".to_owned(),
            _ => text(&body["code"]),
        };
        let mut told = self.told(&outcome, Some(&adjust.tenant));
        if status < 300 {
            let part = |key: &str| text(&body[key]);
            let paid = body["paid"].as_str().unwrap_or("0");
            told.deal = format!("{} {paid}", part("credits"));
            // As it was after the adjustment, when it is told again.
            let last = told.standing.rsplit(' ').next().unwrap_or_default();
            told.standing = format!("{} {} {last}", part("balance"), part("available"));
        }
        told
    }

    fn configure(&self, configure: &Configure) -> Told {
        let mut body = json!({});
        if let Some(overdraft) = configure.overdraft {
            body["overdraft"] = overdraft.to_string().into();
        }
        if let Some(alerts) = &configure.alerts {
            body["alerts"] = alerts.iter().map(ToString::to_string).collect();
        }
        if let Some(budgets) = &configure.budgets {
            body["budgets"] = budgets.iter().map(|budget| spelled(&budget.to_string())).collect();
        }
        if let Some(webhook) = &configure.webhook {
            body["webhook"] = webhook.clone().into();
        }
        let (status, body) = self.call(&format!("PUT /v1/tenants/{}", configure.tenant), "", &body);
        let outcome = if status == 200 { "configured".to_owned() } else { text(&body["code"]) };
        self.told(&outcome, Some(&configure.tenant))
    }

    fn tiers(&self, tiers: &Tiers) -> Told {
        let tiers: Value = tiers
            .list()
            .iter()
            .map(|tier| {
                json!({
                    "at_least": tier.at_least.to_string(), "discount": tier.discount.to_string(),
                })
            })
            .collect();
        let (status, body) = self.call("PUT /v1/tiers", "", &tiers);
        self.told(if status == 200 { "configured" } else { body["code"].as_str().unwrap() }, None)
    }
}

impl Subject for Front {
    fn at(&mut self, now: Moment) {
        self.kept.at(now);
    }

    fn apply(&mut self, commands: Vec<Command>) -> Vec<Told> {
        let mut told = Vec::new();
        let mut rest = &commands[..];
        while let Some((first, after)) = rest.split_first() {
            rest = after;
            told.push(match first {
                Command::Hold(hold) => self.hold(hold),
                Command::Buy(buy) => self.buy(buy),
                Command::Adjust(adjust) => self.adjust(adjust),
                Command::Configure(configure) => self.configure(configure),
                Command::SetTiers(tiers) => self.tiers(tiers),
                Command::Release(release) => {
                    let path = format!("/v1/tenants/{}/holds/{}", release.tenant, release.hold_id);
                    let (status, body) = self.call(&format!("DELETE {path}"), "", &Value::Null);
                    let key = if status == 200 { "state" } else { "code" };
                    self.told(&text(&body[key]), Some(&release.tenant))
                }
                Command::Renew(renew) => {
                    let body = json!({"holds": [{
                        "tenant": renew.tenant, "hold_id": renew.hold_id,
                        "expires_in": renew.expires_in,
                    }]});
                    let (status, body) = self.call("POST /v1/renewals", "", &body);
                    assert_eq!(status, 200, "{body}");
                    self.told(&text(&body["renewals"][0]["outcome"]), Some(&renew.tenant))
                }
                // Nobody can ask for it: it happens.
                Command::Sweep(_) | Command::Repair(_) => {
                    only(self.kept.apply(vec![first.clone()]))
                }
                Command::Settle(settle) => {
                    let mut batch = vec![settle];
                    while let Some((Command::Settle(settle), after)) = rest.split_first() {
                        batch.push(settle);
                        rest = after;
                    }
                    told.extend(self.settle(&batch));
                    continue;
                }
            });
        }
        told
    }

    fn sees(&mut self, question: &Question) -> String {
        let tenant = |name: &str| self.get(&format!("/v1/tenants/{name}"));
        let none = || "-".to_owned();
        let all = |value: Option<Value>, list: &str, key: &str| {
            let value = value.unwrap_or_default();
            let items = value[list].as_array().into_iter().flatten();
            let items: Vec<String> = items.map(|item| text(&item[key])).collect();
            if items.is_empty() { none() } else { items.join(" ") }
        };
        match question {
            Question::Account(name) => tenant(name).map_or(none(), |tenant| {
                let part = |key: &str| text(&tenant[key]);
                format!("{} {} {}", part("balance"), part("held"), part("available"))
            }),
            Question::Lots(name) => all(tenant(name), "lots", "remaining"),
            Question::Hold(tenant, id) => {
                let hold = self.get(&format!("/v1/tenants/{tenant}/holds/{id}"));
                let said =
                    |hold: Value| format!("{} {}", text(&hold["state"]), text(&hold["remaining"]));
                hold.map_or(none(), said)
            }
            Question::Charges(name, id) => {
                let own = |entry: &Value| entry["hold_id"].as_str() == Some(id);
                let said = |entry: Value| {
                    let model = entry["model"].as_str().unwrap_or("-");
                    let flags = entry["flags"].as_array().into_iter().flatten();
                    let flags: String = flags.map(|flag| format!(":{}", text(flag))).collect();
                    format!("{}:{model}:{}{flags}", entry["part"], text(&entry["credits"]))
                };
                let all: Vec<_> = self.entries(name).into_iter().filter(own).map(said).collect();
                if all.is_empty() { none() } else { all.join(" ") }
            }
            // Only the page says it.
            Question::Spent(_) => self.kept.sees(question),
            Question::Last(name) => self.last(name).map_or(none(), |entry| {
                let late = if entry["late"] == true { " late" } else { "" };
                let overrun = entry["overrun"].as_str().map(|over| format!(" overrun {over}"));
                let (kind, credits) = (text(&entry["kind"]), text(&entry["credits"]));
                format!("{kind} {credits}{late}{}", overrun.unwrap_or_default())
            }),
            Question::Entries(name) => self.entries(name).len().to_string(),
            Question::Budget(name, index) => {
                let budget = tenant(name).unwrap_or_default()["budgets"][*index].clone();
                match budget["spent"].as_str() {
                    Some(spent) => format!("{spent} {}", text(&budget["held"])),
                    None => none(),
                }
            }
            Question::Alerts(name) => {
                let alerts = self.get(&format!("/v1/tenants/{name}/alerts?limit=1000"));
                let alerts = alerts.map(|mut alerts| {
                    alerts["alerts"].as_array_mut().unwrap().reverse();
                    alerts
                });
                all(alerts, "alerts", "threshold")
            }
        }
    }

    fn audit(&mut self) -> Vec<String> {
        self.kept.audit()
    }
}

impl Front {
    fn entries(&self, tenant: &str) -> Vec<Value> {
        let found = self.get(&format!("/v1/tenants/{tenant}/entries?limit=1000"));
        found.map_or(Vec::new(), |found| found["entries"].as_array().unwrap().clone())
    }

    fn last(&self, tenant: &str) -> Option<Value> {
        self.entries(tenant).pop()
    }
}

fn item(settle: &Settle) -> Value {
    let part = |part: &SettledPart| {
        let model = part.details.model.clone();
        model.map(|model| json!({"model": model, "credits": part.credits.to_string()}))
    };
    let parts: Vec<Value> = settle.parts.iter().filter_map(part).collect();
    let mut item = json!({
        "hold_id": settle.hold_id, "unheld": settle.unheld, "tenant": settle.tenant,
        "user": settle.user, "key": settle.key, "flags": settle.flags,
        "credits": settle.credits().unwrap().to_string(), "parts": parts,
    });
    if let Some((id, releases)) = &settle.draw {
        item["draw"] = id.clone().into();
        item["releases"] = releases.to_string().into();
    }
    item
}

/// `day 20 user ci` as JSON.
fn spelled(budget: &str) -> Value {
    let words: Vec<&str> = budget.split(' ').collect();
    match &words[..] {
        [per, credits] => json!({"per": per, "credits": credits}),
        [per, credits, "user", user] => json!({"per": per, "credits": credits, "user": user}),
        [per, credits, _, key] => json!({"per": per, "credits": credits, "key": key}),
        _ => panic!("no budget: {budget}"),
    }
}

fn only(told: Vec<Told>) -> Told {
    told.into_iter().next().unwrap()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
