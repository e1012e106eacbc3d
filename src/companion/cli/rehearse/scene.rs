//! What a request meets, as the command line says it.
use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::Value;

use crate::companion::rehearsal::{Account, Caller, Failure, Rehearsal, Scene, Weather};
use crate::credit::Credits;

/// Who calls, and what the request meets.
#[derive(Debug, Clone, Args)]
pub(super) struct SceneArgs {
    /// Whose request it is: one that the policy knows. The policy's first where nobody is named and
    /// the request has no key of its own.
    #[arg(long, value_name = "NAME")]
    tenant: Option<String>,
    /// The tenant's user.
    #[arg(long, value_name = "NAME")]
    user: Option<String>,
    /// The name of the tenant's key.
    #[arg(long, value_name = "NAME")]
    key: Option<String>,
    /// The claims of the caller's token, which has been verified: a file with a JSON object.
    #[arg(long, value_name = "FILE")]
    jwt: Option<PathBuf>,
    /// The SPIFFE id in the caller's certificate: `spiffe://cluster.local/ns/acme/sa/shop`.
    #[arg(long, value_name = "ID")]
    peer: Option<String>,
    /// The metadata of the proxy's node, as a sidecar has them: a file with a JSON object.
    #[arg(long, value_name = "FILE")]
    node: Option<PathBuf>,
    /// What the tenant has left, in credits. Enough for everything where it is not said.
    #[arg(long, value_name = "CREDITS", value_parser = credits)]
    balance: Option<Credits>,
    /// The tenant's last purchase, of which `credits.near_limit` may be a share; the balance where
    /// it is not said.
    #[arg(long, value_name = "CREDITS", value_parser = credits)]
    last_purchase: Option<Credits>,
    /// A model that fails: `claude-sonnet=529`, `=unreachable`, `=silent` or `=reset`; or one whose
    /// answer its cascade does not accept, `=unaccepted`; or one whose breaker is open, `=open`.
    /// May be given for several; `gpt@team-a=429` is for one account of its provider.
    #[arg(long, value_name = "MODEL=FAILURE", value_parser = weather)]
    weather: Vec<(String, Failure)>,
    /// When the request comes: `2026-11-29T09:30:00Z`. Now where it is not said.
    #[arg(long, value_name = "TIME")]
    at: Option<jiff::Timestamp>,
    /// What chance is made of: the same number has the same choices made.
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
}

impl SceneArgs {
    /// Who calls.
    ///
    /// # Errors
    /// Why a file cannot be read.
    pub(super) fn caller(&self) -> Result<Caller, String> {
        let Self { tenant, user, key, jwt, peer, node, .. } = self.clone();
        let (jwt, node) = (jwt.as_deref().map(object), node.as_deref().map(object));
        Ok(Caller { tenant, user, key, jwt: jwt.transpose()?, peer, node: node.transpose()? })
    }

    pub(super) fn scene(&self) -> Scene {
        let mut weather = Weather::default();
        self.weather.iter().for_each(|(model, failure)| weather.add(model, *failure));
        let at = self.at.map(|time| u64::try_from(time.as_second()).unwrap_or_default());
        Scene {
            caller: Value::Null,
            account: Account { balance: self.balance, last_purchase: self.last_purchase },
            weather,
            unix_seconds: at.unwrap_or_else(super::super::now),
            seed: self.seed,
        }
    }
}

/// The object of a file.
fn object(path: &Path) -> Result<Value, String> {
    let value: Result<Value, _> = serde_json::from_slice(&super::read(path)?);
    match value {
        Ok(value) if value.is_object() => Ok(value),
        Ok(_) => Err(format!("{}: expected a JSON object", path.display())),
        Err(error) => Err(format!("{}: {error}", path.display())),
    }
}

/// Says which model of the weather the policy does not have.
pub(super) fn unknown_model(rehearsal: &Rehearsal, weather: &Weather) -> Option<String> {
    let policy = rehearsal.policy();
    let leaves_alone = policy.resilience().breaker.is_some_and(|own| !own.observe);
    if let Some(open) = weather.open().next().filter(|_| !leaves_alone) {
        return Some(format!(
            "weather: `{open}` cannot be `open`: the policy has no `resilience.breaker` that \
             leaves a model alone"
        ));
    }
    let is_known = |name: &str| policy.asked().chain(policy.models()).any(|own| own.name == name);
    let unknown = weather.models().find(|name| !is_known(name))?;
    let known: Vec<&str> = policy.models().iter().map(|model| model.name.as_str()).collect();
    Some(format!("weather: the policy has no model `{unknown}`: it has {}", known.join(", ")))
}

/// Reads an amount of credits.
pub(super) fn credits(text: &str) -> Result<Credits, String> {
    text.parse().map_err(|_| format!("expected credits such as `3.75`, found `{text}`"))
}

fn weather(text: &str) -> Result<(String, Failure), String> {
    let (model, failure) =
        text.split_once('=').ok_or("expected MODEL=FAILURE, such as `claude-sonnet=529`")?;
    Ok((model.to_owned(), failure.parse()?))
}
