//! `limits.rate`: how much each tenant, user, key, session or route may ask for in a time, or have
//! running at once.
use std::rc::Rc;

use super::class::Classes;
use super::document::Node;
use super::field::{
    Boolean, Defaulted, Field, Holds, Is, List, Name, NameOf, Nested, Object, Optional, Read as _,
    Rule, Section, Spot, Whole, Word, Words, shown, unknown,
};
use super::predicate::{Facts, Reading};
use super::scope::{self, Scope};

/// Most rules of a policy: each of them is asked of every request.
const MOST: usize = 32;

/// The most that a rule may let through, and that may be let through at once.
const AMOUNT_MAX: u64 = 1_000_000_000_000;

/// Longest time in which a bucket fills, in milliseconds: a hundred years.
const FILLS_MAX_MS: u128 = 36_500 * 86_400_000;

/// `limits.rate[]`: a rule.
#[derive(Debug, Clone)]
pub struct Rate {
    /// What metrics and the log call it.
    pub name: String,
    /// What the rule says, as a number that stays the same wherever the rule stands: what has been
    /// taken by it is remembered under that.
    pub id: u64,
    /// Whose requests count together.
    pub by: RateBy,
    /// What is counted, and how much of it may be.
    pub limit: Limit,
    /// Whether it counts and refuses nothing.
    pub observe: bool,
    /// The tenants whose requests it is for; `None` for all.
    tenants: Option<Vec<String>>,
    scope: Scope,
}

/// Whose requests count together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RateBy {
    /// Those of a tenant.
    Tenant,
    /// Those of a user of a tenant.
    User,
    /// Those of a key of a tenant.
    Key,
    /// Those of a session of a tenant: `limits.session` says what one is.
    Session,
    /// Those for a route, whoever asks.
    Model,
}

/// What is counted, and how much of it may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// Requests in a time.
    Requests(Pace),
    /// Tokens in a time, of input and output.
    Tokens(Pace),
    /// Requests that run at once.
    Concurrent(u64),
}

/// So much in a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// So much flows in.
    pub amount: u64,
    /// In that time, in milliseconds.
    pub per_ms: u64,
    /// So much there is at once, after a while in which nothing was taken.
    pub burst: u64,
}

impl Rate {
    /// Whether it is for a request of that class.
    #[must_use]
    pub fn takes(&self, facts: &dyn Facts, class: Option<usize>) -> bool {
        let tenant = &facts.tenant().tenant;
        self.tenants.as_ref().is_none_or(|own| own.contains(tenant))
            && self.scope.takes(facts, class)
    }

    /// What it lets through, in words: `600 requests per minute`.
    #[must_use]
    pub fn says(&self) -> String {
        let many = |amount: u64, what: &str| match amount {
            1 => format!("1 {what}"),
            _ => format!("{amount} {what}s"),
        };
        let paced = |pace: Pace, what: &str| {
            format!("{} per {}", many(pace.amount, what), PERIODS.word(pace.per_ms))
        };
        match self.limit {
            Limit::Requests(pace) => paced(pace, "request"),
            Limit::Tokens(pace) => paced(pace, "token"),
            Limit::Concurrent(most) => format!("{} at once", many(most, "request")),
        }
    }
}

impl RateBy {
    /// The word of a policy for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        SUBJECTS.word(self)
    }
}

/// The rules, each with a name of its own.
pub(super) const RATE: Optional<List> = Field::optional(
    "rate",
    List::of("rules", &Nested(&RULE)),
    "none",
    "How much may be asked for in a time, or run at once. Every rule that is for a request has to \
     let it through.",
);

const RULE: Section = Section::new(
    "an object with `requests`, `tokens` or `concurrent`",
    "How much each tenant, user, key, session or route may ask for in a time, or have running at \
     once. A request that has been read and that a model may serve is let through by all rules \
     that are for it, or by none: what one has given is given back where another refuses, and \
     credits are asked for after that, so that a refused request costs none. What is wrong with a \
     request is told before its limits are looked at, and takes nothing. The app is told by 429 \
     in its API's words, with `retry-after`, and by the headers of its API how much is left: \
     `x-ratelimit-*` to apps of OpenAI's, `anthropic-ratelimit-*` to those of Anthropic's, of the \
     rule of which least is left; its answers have these headers, too. Counting tokens, listing \
     models, feedback and the copies of experiments take nothing.

Each proxy counts for itself, all of its workers together: two let through twice as much. A \
     worker tells the others at once of what is more than a 256th of what is left, of the rest \
     within 50 ms: all that is left taken within that time may be exceeded by a 256th for each \
     worker. A proxy remembers about 65,000 of them that are under up to four rules each, and \
     fewer of those under more, some 28,000 under twelve, in at most 32 MiB: first it forgets \
     whoever has been silent for longest among users, sessions and those whose limits are whole \
     again: no tenant, key or route is forgotten for them. Where there is nobody like that, \
     whoever comes next is not limited until there is (`untracked` in `tradewind_limits_total`). A \
     policy that changes keeps what every rule has taken that is the same as before.",
    "limits:
  rate:
    - {requests: 600, per: minute}
    - {tokens: 200000, per: minute, by: user, burst: 400000}
    - {concurrent: 64}
    - {requests: 5, per: second, by: key, when: {route: auto}, observe: true}",
    &[
        &REQUESTS,
        &TOKENS,
        &CONCURRENT,
        &PER,
        &BURST,
        &BY,
        &TENANTS,
        &scope::ROUTES,
        &scope::CLASSES,
        &scope::WHEN,
        &OBSERVE,
        &NAME,
    ],
)
.with(&[
    apart(&REQUESTS, TOKENS.key()),
    apart(&REQUESTS, CONCURRENT.key()),
    apart(&TOKENS, CONCURRENT.key()),
    apart(&CONCURRENT, PER.key()),
    apart(&CONCURRENT, BURST.key()),
    timed(&REQUESTS),
    timed(&TOKENS),
]);

/// Where that field is given, the other is not.
const fn apart(field: &Optional<Whole>, key: &'static str) -> Rule {
    Rule { when: Holds { key: field.key(), is: Is::Given }, then: Holds { key, is: Is::Absent } }
}

/// Where that field is given, so is the time.
const fn timed(field: &Optional<Whole>) -> Rule {
    let then = Holds { key: PER.key(), is: Is::Given };
    Rule { when: Holds { key: field.key(), is: Is::Given }, then }
}

const REQUESTS: Optional<Whole> = Field::optional(
    "requests",
    Whole { of: "requests", least: 1, most: AMOUNT_MAX },
    "it counts something else",
    "So many requests. One that is refused takes none.",
);

const TOKENS: Optional<Whole> = Field::optional(
    "tokens",
    Whole { of: "tokens", least: 1, most: AMOUNT_MAX },
    "it counts something else",
    "So many tokens, of input (what providers read from their caches among it) and output. A \
     request takes what its input is estimated at, and of output what the longest answers have \
     had lately, but no more than it asks for. As many at once as have been answered take that; \
     each beyond these takes all that it asks for, or 1,000 where it sets no bound. None needs \
     more than `burst`, nor one that runs alone more than what is usual: it takes what is left. \
     Once it is over, that is corrected to what all of its attempts have used. More may have been \
     used than there was, which is then waited for. One whose input alone is more than `burst` is \
     refused with 413: it would wait for ever.",
);

const CONCURRENT: Optional<Whole> = Field::optional(
    "concurrent",
    Whole { of: "requests", least: 1, most: 1_000_000 },
    "it counts something else",
    "So many requests at once, streamed answers until their end. Where a worker fails, its \
     requests count for 40 seconds more.",
);

/// Times, in milliseconds.
const PERIODS: Words<u64> = Words {
    what: "time",
    of: &[
        Word::new("second", 1_000, "A second."),
        Word::new("minute", 60_000, "A minute."),
        Word::new("hour", 3_600_000, "An hour."),
        Word::new("day", 86_400_000, "24 hours, whenever they begin."),
    ],
};

const PER: Optional<Words<u64>> = Field::optional(
    "per",
    PERIODS,
    "`concurrent` has none",
    "The time in which so much may be asked for. It flows back evenly, and not all at once at its \
     end: of 60 per minute there is one more each second.",
);

const BURST: Optional<Whole> = Field::optional(
    "burst",
    Whole { of: "requests or tokens", least: 1, most: AMOUNT_MAX },
    "what flows in in the time of `per`",
    "So much there is at once, after a while in which nothing was asked for. In any time there is \
     no more than this, what flows in in that time, and the tokens that requests which end in \
     it had taken and not used. It must flow in within a hundred years.",
);

pub(super) const SUBJECTS: Words<RateBy> = Words {
    what: "subject",
    of: &[
        Word::new("tenant", RateBy::Tenant, "All requests of a tenant."),
        Word::new("user", RateBy::User, "Those of a user of a tenant."),
        Word::new("key", RateBy::Key, "Those of a key of a tenant, by its name in `identity`."),
        Word::new("session", RateBy::Session, "Those of a session, as `limits.session` has it."),
        Word::new("model", RateBy::Model, "Those for a route, by any of its names, of anybody."),
    ],
};

const BY: Defaulted<Words<RateBy>> = Field::defaulted(
    "by",
    SUBJECTS,
    RateBy::Tenant,
    "Whose requests count together. A request that has no such thing is not limited by the rule.",
);

const TENANTS: Optional<List> = Field::optional(
    "tenants",
    List::of("names of tenants", &NameOf("tenant")).unique(),
    "all",
    "The tenants whose requests it is for. Where another rule is for all, it is for these as well.",
);

const OBSERVE: Defaulted<Boolean> = Field::defaulted(
    "observe",
    Boolean,
    false,
    "Whether it refuses nothing: it counts, and says in the access log and in \
     `tradewind_limits_total` what it would have refused.",
);

const NAME: Optional<Name> = Field::optional(
    "name",
    Name("the name of a rule"),
    "what it says: `600-requests-per-minute-by-tenant`",
    "What metrics and the access log call it. No other rule is called the same.",
);

/// Reads the rules; `None`, and a report, where something is wrong with one.
pub(super) fn read(
    fields: &mut Object<'_>,
    reading: &Reading<'_>,
    classes: &Classes<'_>,
) -> Option<Vec<Rc<Rate>>> {
    let Some(section) = fields.spot(&RATE) else { return Some(Vec::new()) };
    let items = RATE.kind.items(&section)?;
    if items.len() > MOST {
        section.problem(format!("{} rules are more than {MOST}", items.len()));
    }
    let read: Vec<_> = items.iter().map(|item| rule(item, reading, classes)).collect();
    for (at, (own, item)) in read.iter().zip(&items).enumerate() {
        let Some(own) = own else { continue };
        let same = |(other, _): &(&Option<Rate>, &Spot<'_>)| {
            other.as_ref().is_some_and(|other| other.name == own.name || other.id == own.id)
        };
        let Some((other, first)) = read.iter().zip(&items).take(at).find(same) else { continue };
        let line = first.line;
        if other.as_ref().is_some_and(|other| other.id == own.id) {
            item.problem(format!("says the same as the rule on line {line}: remove one of them"));
        } else {
            item.problem(format!(
                "the rule on line {line} is called `{}` as well: remove one of them, or give this \
                 one a `name`",
                own.name
            ));
        }
    }
    read.into_iter().map(|own| own.map(Rc::new)).collect()
}

fn rule(spot: &Spot<'_>, reading: &Reading<'_>, classes: &Classes<'_>) -> Option<Rate> {
    let mut fields = spot.object(&RULE)?;
    let requests = fields.read(&REQUESTS);
    let tokens = fields.read(&TOKENS);
    let concurrent = fields.read(&CONCURRENT);
    let per = fields.read(&PER);
    let burst = fields.read(&BURST);
    let by = fields.read(&BY);
    let tenants = fields.read_with(&TENANTS, |spot| tenants(spot, reading));
    let scope = scope::read(&mut fields, reading, classes);
    let observe = fields.read(&OBSERVE);
    let name = fields.read(&NAME);
    fields.finish();
    let (requests, tokens, concurrent, per, burst) =
        (requests?, tokens?, concurrent?, per?, burst?);
    let limit = match (requests, tokens, concurrent) {
        (None, None, Some(most)) => {
            if per.is_some() || burst.is_some() {
                spot.problem("`concurrent` counts what runs at once: leave out `per` and `burst`");
            }
            Limit::Concurrent(most)
        }
        (Some(amount), None, None) => Limit::Requests(pace(spot, amount, per, burst)?),
        (None, Some(amount), None) => Limit::Tokens(pace(spot, amount, per, burst)?),
        _ => {
            spot.problem("expected one of `requests`, `tokens` and `concurrent`");
            return None;
        }
    };
    let (by, observe, tenants, scope) = (by?, observe?, tenants?, scope?);
    let mut rate = Rate { name: String::new(), id: 0, by, limit, observe, tenants, scope };
    let own = format!("{} by {}", rate.says(), by.word());
    rate.id = id(&rate, &own, spot);
    rate.name = name?.unwrap_or_else(|| own.replace(' ', "-"));
    Some(rate)
}

/// What a rule says, as a number: what it is for is taken as it is written, and whether it observes
/// changes nothing of what has been taken.
fn id(rate: &Rate, says: &str, spot: &Spot<'_>) -> u64 {
    let burst = match rate.limit {
        Limit::Requests(pace) | Limit::Tokens(pace) => pace.burst,
        Limit::Concurrent(_) => 0,
    };
    let scope = [scope::ROUTES.key(), scope::CLASSES.key(), scope::WHEN.key()];
    let scope = scope.map(|key| spot.node.member(key).map(Node::to_json).unwrap_or_default());
    let tenants = rate.tenants.as_ref().map(|own| own.join(",")).unwrap_or_default();
    let said = format!("{says}\n{burst}\n{tenants}\n{}", scope.join("\n"));
    // FNV-1a, as shared records are found by.
    said.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

fn pace(spot: &Spot<'_>, amount: u64, per: Option<u64>, burst: Option<u64>) -> Option<Pace> {
    let Some(per_ms) = per else {
        spot.problem("missing field `per`: so much in which time?");
        return None;
    };
    let burst = burst.unwrap_or(amount);
    let fills = u128::from(burst).saturating_mul(per_ms.into()).checked_div(amount.into());
    if fills.is_none_or(|ms| ms > FILLS_MAX_MS) {
        spot.problem("`burst` is more than flows in in a hundred years");
    }
    Some(Pace { amount, per_ms, burst })
}

/// The names of tenants, where they are known each one that there is.
fn tenants(spot: &Spot<'_>, reading: &Reading<'_>) -> Option<Vec<String>> {
    let (mut found, mut right) = (Vec::new(), true);
    let known = &reading.callers;
    for item in TENANTS.kind.items(spot)? {
        let Some(name) = Name("the name of a tenant").read(&item) else {
            right = false;
            continue;
        };
        if found.contains(&name) {
            item.problem(format!("`{}` stands in this list before", shown(&name)));
        } else if !known.open && !known.tenants.contains(&name.as_str()) {
            item.problem(unknown("tenant", &name, &known.tenants));
        }
        found.push(name);
    }
    right = right && !found.is_empty();
    right.then_some(found)
}
