//! Budgets: how much may be spent in a day or a month, beside what has been bought.
use core::fmt;
use core::str::FromStr;

use super::amount::Credits;
use super::calendar::{Moment, Per, Window};

/// A limit on what a tenant, a user or a key spends in a day or a month.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Budget {
    /// How long it lasts.
    pub per: Per,
    /// How much it is.
    pub credits: Credits,
    /// What the budget binds.
    pub scope: Scope,
}

/// Who has a budget.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// The tenant, for all that it spends.
    Tenant,
    /// A user.
    User(Name),
    /// A key.
    Key(Name),
}

/// One of many, or each of them for itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Name {
    /// Each has this budget for itself: `*`.
    Each,
    /// Only the one of that name.
    One(String),
}

/// What is counted in a window: all of a tenant, one user, one key, or one model.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MeterKey {
    /// What the budget binds.
    pub tenant: String,
    /// Empty for all; `user:ci`, `key:k1`, `model:gpt-4o` for a part.
    pub label: String,
    /// The day or the month.
    pub window: Window,
}

/// What was spent and is held in a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Meter {
    /// Charged, for holds made in the window.
    pub spent: Credits,
    /// Still held by holds made in the window.
    pub held: Credits,
}

/// A budget that a hold would have exceeded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exceeded {
    /// Which.
    pub budget: Budget,
    /// What of it is spent, and held.
    pub meter: Meter,
    /// When the next window begins.
    pub resets_at: Moment,
}

/// Whom a hold or a charge is for, beside the tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Labels<'l> {
    /// The user.
    pub user: Option<&'l str>,
    /// The key.
    pub key: Option<&'l str>,
}

impl Labels<'_> {
    /// The labels of every meter that counts it.
    #[must_use]
    pub fn meters(self) -> Vec<String> {
        let user = self.user.map(|user| format!("user:{user}"));
        let key = self.key.map(|key| format!("key:{key}"));
        [Some(String::new()), user, key].into_iter().flatten().collect()
    }
}

impl Budget {
    /// The label of the meter that it limits for these; none when it is not about them.
    #[must_use]
    pub fn label(&self, labels: Labels<'_>) -> Option<String> {
        let about = |name: &Name, given: Option<&str>| match name {
            Name::Each => given.map(str::to_owned),
            Name::One(one) => given.filter(|given| given == one).map(str::to_owned),
        };
        match &self.scope {
            Scope::Tenant => Some(String::new()),
            Scope::User(name) => about(name, labels.user).map(|user| format!("user:{user}")),
            Scope::Key(name) => about(name, labels.key).map(|key| format!("key:{key}")),
        }
    }

    /// The one meter that it limits; none when there is one for each.
    #[must_use]
    pub fn meter(&self, tenant: &str, now: Moment) -> Option<MeterKey> {
        let label = match &self.scope {
            Scope::Tenant => String::new(),
            Scope::User(Name::One(user)) => format!("user:{user}"),
            Scope::Key(Name::One(key)) => format!("key:{key}"),
            Scope::User(Name::Each) | Scope::Key(Name::Each) => return None,
        };
        Some(MeterKey::of(tenant, &label, Window::of(self.per, now)))
    }
}

impl MeterKey {
    /// The meter of a label in a window.
    #[must_use]
    pub fn of(tenant: &str, label: &str, window: Window) -> Self {
        Self { tenant: tenant.to_owned(), label: label.to_owned(), window }
    }

    /// Every meter that counts a hold of that moment.
    pub fn every(tenant: &str, labels: Labels<'_>, at: Moment) -> impl Iterator<Item = Self> {
        let windows = [Window::of(Per::Day, at), Window::of(Per::Month, at)];
        labels.meters().into_iter().flat_map(move |label| {
            windows.map(|window| Self::of(tenant, &label, window)).into_iter()
        })
    }

    /// The meter of a model on the day of that moment; an empty name where none is known.
    #[must_use]
    pub fn model(tenant: &str, model: Option<&str>, at: Moment) -> Self {
        let label = format!("model:{}", model.unwrap_or_default());
        Self::of(tenant, &label, Window::of(Per::Day, at))
    }
}

/// What is said of a text that is no budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotABudget;

/// As a store keeps it: `day 100`, `month 50 user ci`, `day 1 key *`.
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
    type Err = NotABudget;

    fn from_str(text: &str) -> Result<Self, NotABudget> {
        let mut words = text.split(' ');
        let mut word = || words.next().ok_or(NotABudget);
        let per = Per::named(word()?).ok_or(NotABudget)?;
        let credits = word()?.parse().map_err(|_| NotABudget)?;
        let scope = match (words.next(), words.next()) {
            (None, _) => Scope::Tenant,
            (Some("user"), Some(name)) => Scope::User(Name::of(name)),
            (Some("key"), Some(name)) => Scope::Key(Name::of(name)),
            _ => return Err(NotABudget),
        };
        if words.next().is_some() { Err(NotABudget) } else { Ok(Self { per, credits, scope }) }
    }
}

impl Name {
    /// `*` is each of them.
    #[must_use]
    pub fn of(text: &str) -> Self {
        if text == "*" { Self::Each } else { Self::One(text.to_owned()) }
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Each => f.write_str("*"),
            Self::One(name) => f.write_str(name),
        }
    }
}
