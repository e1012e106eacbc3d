//! Budgets: how much may be spent in a day or a month, whatever the balance is.
use core::fmt;
use core::str::FromStr;

use super::amount::Credits;
use super::calendar::{Moment, Period, Window};

/// A limit on what a tenant, a user or a key spends in a day or a month.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Budget {
    /// The window after which the budget begins anew.
    pub per: Period,
    /// The most that may be spent and held in one window.
    pub credits: Credits,
    pub scope: Scope,
}

/// Whose spending a budget limits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// All that the tenant spends.
    Tenant,
    User(Selector),
    Key(Selector),
}

/// Which users, or which keys, a budget is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Selector {
    /// Each of them has this budget for itself: `*`.
    Each,
    /// Only the user, or the key, of that name.
    One(String),
}

/// What a meter counts in a window: all of a tenant, or one user, key or model of it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MeterKey {
    pub tenant: String,
    /// Empty for all of the tenant; `user:ci`, `key:k1` or `model:gpt-sol` for a part of it.
    pub label: String,
    pub window: Window,
}

/// What was spent and what is held in a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Meter {
    /// What was charged for holds that were made in the window.
    pub spent: Credits,
    /// What is still held by holds that were made in the window.
    pub held: Credits,
}

/// A budget that a hold would have exceeded, which is why the hold was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExceededBudget {
    pub budget: Budget,
    /// What of the budget is spent and held.
    pub meter: Meter,
    pub resets_at: Moment,
}

/// The user and the key that a hold or a charge is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Labels<'l> {
    pub user: Option<&'l str>,
    pub key: Option<&'l str>,
}

impl Labels<'_> {
    /// The labels of every meter that counts a hold with these.
    #[must_use]
    pub fn meters(self) -> Vec<String> {
        let user = self.user.map(|user| format!("user:{user}"));
        let key = self.key.map(|key| format!("key:{key}"));
        [Some(String::new()), user, key].into_iter().flatten().collect()
    }
}

impl Budget {
    /// The label of the meter that this budget limits; `None` when it does not limit these.
    #[must_use]
    pub fn label(&self, labels: Labels<'_>) -> Option<String> {
        let about = |name: &Selector, given: Option<&str>| match name {
            Selector::Each => given.map(str::to_owned),
            Selector::One(one) => given.filter(|given| given == one).map(str::to_owned),
        };
        match &self.scope {
            Scope::Tenant => Some(String::new()),
            Scope::User(name) => about(name, labels.user).map(|user| format!("user:{user}")),
            Scope::Key(name) => about(name, labels.key).map(|key| format!("key:{key}")),
        }
    }

    /// The one meter that this budget limits; `None` when there is a meter for each user or key.
    #[must_use]
    pub fn meter(&self, tenant: &str, now: Moment) -> Option<MeterKey> {
        let label = match &self.scope {
            Scope::Tenant => String::new(),
            Scope::User(Selector::One(user)) => format!("user:{user}"),
            Scope::Key(Selector::One(key)) => format!("key:{key}"),
            Scope::User(Selector::Each) | Scope::Key(Selector::Each) => return None,
        };
        Some(MeterKey::of(tenant, &label, Window::of(self.per, now)))
    }
}

impl MeterKey {
    #[must_use]
    pub fn of(tenant: &str, label: &str, window: Window) -> Self {
        Self { tenant: tenant.to_owned(), label: label.to_owned(), window }
    }

    /// Every meter that counts a hold that was made at `at`.
    pub fn every(tenant: &str, labels: Labels<'_>, at: Moment) -> impl Iterator<Item = Self> {
        let windows = [Window::of(Period::Day, at), Window::of(Period::Month, at)];
        labels.meters().into_iter().flat_map(move |label| {
            windows.map(|window| Self::of(tenant, &label, window)).into_iter()
        })
    }

    /// The meter of a model on the day of `at`; of an empty name where the model is not known.
    #[must_use]
    pub fn model(tenant: &str, model: Option<&str>, at: Moment) -> Self {
        let label = format!("model:{}", model.unwrap_or_default());
        Self::of(tenant, &label, Window::of(Period::Day, at))
    }
}

/// The text is not what a [`Budget`] displays as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ParseBudgetError;

/// As it stands in the database: `day 100`, `month 50 user ci`, `day 1 key *`.
impl fmt::Display for Budget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.per.name(), self.credits)?;
        match &self.scope {
            Scope::Tenant => Ok(()),
            Scope::User(name) => write!(f, " user {name}"),
            Scope::Key(name) => write!(f, " key {name}"),
        }
    }
}

impl FromStr for Budget {
    type Err = ParseBudgetError;

    fn from_str(text: &str) -> Result<Self, ParseBudgetError> {
        let mut words = text.split(' ');
        let mut word = || words.next().ok_or(ParseBudgetError);
        let per = Period::named(word()?).ok_or(ParseBudgetError)?;
        let credits = word()?.parse().map_err(|_| ParseBudgetError)?;
        let scope = match (words.next(), words.next()) {
            (None, _) => Scope::Tenant,
            (Some("user"), Some(name)) => Scope::User(Selector::of(name)),
            (Some("key"), Some(name)) => Scope::Key(Selector::of(name)),
            _ => return Err(ParseBudgetError),
        };
        if words.next().is_some() {
            Err(ParseBudgetError)
        } else {
            Ok(Self { per, credits, scope })
        }
    }
}

impl Selector {
    /// `*` is each of them.
    #[must_use]
    pub fn of(text: &str) -> Self {
        if text == "*" { Self::Each } else { Self::One(text.to_owned()) }
    }
}

impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Each => f.write_str("*"),
            Self::One(name) => f.write_str(name),
        }
    }
}
