//! A tenant's settings as they are sent: what is absent stays, `null` and `[]` clear.
use super::body::Json;
use super::problem::ProblemDetails;
use crate::companion::ledger::webhook;
use crate::credit::wire::{FieldError, Fields};
use crate::credit::{Budget, Configure, Credits, Period, Scope, Selector, Threshold};
use crate::json::Value;

/// Most thresholds of a tenant.
const ALERTS: usize = 16;
/// Most budgets of a tenant.
const BUDGETS: usize = 64;

pub(super) fn read(tenant: &str, body: &Json) -> Result<Configure, ProblemDetails> {
    let document = body.document()?;
    let root = document.root();
    let fields = Fields::of(root, "")?;
    fields.allow_only(&["overdraft", "alerts", "budgets", "webhook"])?;
    let said = |key| root.get(key).is_some();
    let overdraft = fields.optional_credits("overdraft")?.unwrap_or(Credits::ZERO);
    let webhook = webhook_of(&fields)?;
    let alerts = fields.list("alerts", ALERTS)?;
    let alerts: Result<Vec<Threshold>, FieldError> = alerts.into_iter().map(threshold).collect();
    let budgets = fields.list("budgets", BUDGETS)?;
    let budgets: Result<Vec<Budget>, FieldError> = budgets.into_iter().map(budget).collect();
    Ok(Configure {
        tenant: tenant.to_owned(),
        overdraft: said("overdraft").then_some(overdraft),
        alerts: Some(alerts?).filter(|_| said("alerts")),
        budgets: Some(budgets?).filter(|_| said("budgets")),
        webhook: said("webhook").then_some(webhook),
    })
}

fn threshold((field, value): (String, Value<'_>)) -> Result<Threshold, FieldError> {
    let text = value.as_str().unwrap_or_default();
    text.parse().map_err(|why| FieldError { field, message: format!("{why}") })
}

fn budget((at, value): (String, Value<'_>)) -> Result<Budget, FieldError> {
    let fields = Fields::of(value, &at)?;
    fields.allow_only(&["per", "credits", "user", "key"])?;
    let per = fields.get("per").and_then(Value::as_str).unwrap_or_default();
    let per =
        Period::named(&per).ok_or_else(|| fields.error("per", "expected `day` or `month`"))?;
    let scope = match (fields.optional_name("user")?, fields.optional_name("key")?) {
        (None, None) => Scope::Tenant,
        (Some(user), None) => Scope::User(Selector::of(&user)),
        (None, Some(key)) => Scope::Key(Selector::of(&key)),
        (Some(_), Some(_)) => {
            return Err(fields.error("key", "expected `user` or `key`, not both"));
        }
    };
    Ok(Budget { per, credits: fields.credits("credits")?, scope })
}

fn webhook_of(fields: &Fields<'_>) -> Result<Option<String>, FieldError> {
    let Some(value) = fields.get("webhook") else { return Ok(None) };
    let text = value.as_str().unwrap_or_default();
    match webhook::target(&text) {
        Ok(_) => Ok(Some(text.into_owned())),
        Err(message) => Err(fields.error("webhook", message)),
    }
}
