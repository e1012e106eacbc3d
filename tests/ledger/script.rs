//! A script: one event a line, its outcome or what is found in the last columns.
//!
//! | event | |
//! | --- | --- |
//! | `clock 2026-03-01T00:00:00Z` | sets the clock, also back |
//! | `tick 15m` | moves it on; `ms`, `s`, `m`, `h` or `d` |
//! | `tiers 1000:10% 5000:15% → configured` | sets the tiers; `-` for none |
//! | `buy alice k1 100 → purchased` | `paid` for money, `until=2026-03-02T00:00:00Z` |
//! | `hold h1 alice 40 → held` | `user=`, `key=`, `for=60` seconds |
//! | `settle h1 25 → settled` | alice's, or `tenant=`; `draw=d1:30`, `unheld=`, `user=`, `key=` |
//! | | `part=gpt:10` for each attempt, or `model=` for all; `flag=` |
//! | `release h1 → released`, `renew h1 → renewed` | alice's, or `tenant=`; `for=60` seconds |
//! | `configure alice → configured` | `overdraft=`, `alerts=20%,50`, `budget=day:100:user:ci` |
//! | `adjust alice a1 credit 5 → adjusted` | `debit 5`, `refund k1`, `refund k1 5`, `void 3` |
//! | | `until=` of a credit, `because=` a reason |
//! | `sweep alice → swept` | |
//! | `repair alice → repaired` | what a wrong clock did; `inspect alice` only looks |
//! | `standing 75 35 100`, `deal 100 90 10%`, `because …` | of the last answer |
//! | `account alice 75 40 35` | balance, held, available |
//! | `lots alice 50 25`, `holding h1 open 40`, `last alice charge -25 late`, `entries alice 3` | |
//! | `charges alice h1 1:gpt:-10 2:claude:-15` | the entries of a hold: part, model, amount |
//! | `spent alice claude:15 gpt:10` | by model, over all days |
//! | `budget alice 0 25 40`, `alerts alice 20% 50` | |
use std::collections::BTreeMap;

use tradewind::credit::{
    Adjust, Budget, Buy, Buying, Change, ChargeDetails, Command, Configure, Credits, Moment,
    NewHold, Release, Renew, Repair, Settle, SettledPart, Share, Sweep, Tier, Tiers,
};

use super::subject::{Question, Subject, Told};

/// Whose a hold is where a script does not say.
const ALICE: &str = "alice";

/// Scripts there are at least.
const SCRIPTS_MIN: usize = 10;

/// What is wrong with scripts, each played on a subject of its own: event by event, and then many
/// at once.
pub(crate) fn wrong(
    scripts: &BTreeMap<String, String>,
    mut subject: impl FnMut(&str) -> Box<dyn Subject>,
) -> Vec<String> {
    if scripts.len() < SCRIPTS_MIN {
        return vec![format!("there are only {} scripts", scripts.len())];
    }
    let mut wrong = Vec::new();
    for (name, text) in scripts {
        let script = match Script::parse(text) {
            Ok(script) => script,
            Err(why) => {
                wrong.push(format!("{name}.txt:{why}"));
                continue;
            }
        };
        for (how, together) in [("one by one", 1), ("together", usize::MAX)] {
            let found = script.play(&mut *subject(name), together);
            wrong.extend(found.into_iter().map(|line| format!("{name}.txt:{line} ({how})")));
        }
    }
    wrong
}

/// A script, read.
pub(crate) struct Script(Vec<(usize, String, Step)>);

/// One event.
enum Step {
    Clock(Moment),
    Tick(u64),
    /// What is asked, and its outcome.
    Do(Box<Command>, String),
    /// What cannot even be asked: an amount that is none.
    Wrong,
    /// What of the last answer, and how it reads.
    Last(fn(&Told) -> &str, String),
    Ask(Question, String),
}

type Parsed<T> = Result<T, String>;

impl Script {
    pub(crate) fn parse(text: &str) -> Parsed<Self> {
        let mut steps = Vec::new();
        for (number, line) in text.lines().enumerate() {
            let number = number + 1;
            let line = line.split('#').next().unwrap_or_default().trim();
            if !line.is_empty() {
                let words: Vec<&str> = line.split_whitespace().collect();
                let step = step(&words).map_err(|why| format!("{number}: `{line}`: {why}"))?;
                steps.push((number, line.to_owned(), step));
            }
        }
        Ok(Self(steps))
    }

    /// Plays it, so many commands together where nothing is asked between them: every line that
    /// went otherwise.
    pub(crate) fn play(&self, subject: &mut dyn Subject, together: usize) -> Vec<String> {
        let mut wrong = Vec::new();
        let mut now = Moment::of_millis(1_772_323_200_000);
        let mut last = Told::default();
        let mut waiting: Vec<(usize, &str, &Command, &str)> = Vec::new();
        subject.at(now);
        for (number, line, step) in &self.0 {
            if let Step::Do(command, outcome) = step {
                waiting.push((*number, line, command, outcome));
                if waiting.len() < together {
                    continue;
                }
            }
            flush(subject, &mut waiting, &mut last, &mut wrong);
            let mut check = |found: &str, expected: &str| {
                if found != expected {
                    wrong.push(format!("{number}: `{line}`: found `{found}`"));
                }
            };
            match step {
                Step::Clock(moment) => now = *moment,
                Step::Tick(millis) => now = Moment::of_millis(now.millis() + millis),
                Step::Do(..) | Step::Wrong => {}
                Step::Last(part, expected) => check(part(&last), expected),
                Step::Ask(question, expected) => check(&subject.sees(question), expected),
            }
            subject.at(now);
        }
        flush(subject, &mut waiting, &mut last, &mut wrong);
        wrong.extend(subject.audit().into_iter().map(|what| format!("end: {what}")));
        wrong
    }
}

fn flush(
    subject: &mut dyn Subject,
    waiting: &mut Vec<(usize, &str, &Command, &str)>,
    last: &mut Told,
    wrong: &mut Vec<String>,
) {
    let commands = waiting.iter().map(|(_, _, command, _)| (*command).clone()).collect();
    let told = subject.apply(commands);
    assert_eq!(told.len(), waiting.len(), "each command is answered");
    for ((number, line, _, outcome), told) in waiting.drain(..).zip(told) {
        if told.outcome != outcome {
            wrong.push(format!("{number}: `{line}`: is {}", told.outcome));
        }
        *last = told;
    }
}

fn step(words: &[&str]) -> Parsed<Step> {
    let (verb, rest) = words.split_first().ok_or("nothing")?;
    let found = |rest: &[&str]| rest.join(" ");
    let tail = |count: usize| found(rest.get(count..).unwrap_or_default());
    let name = |at: usize| rest.get(at).map(|word| (*word).to_owned()).ok_or("too short");
    let ask = |question: Question, count: usize| Ok(Step::Ask(question, tail(count)));
    match *verb {
        "clock" => Ok(Step::Clock(moment(&name(0)?)?)),
        "tick" => Ok(Step::Tick(duration(&name(0)?)?)),
        "standing" => Ok(Step::Last(|told| &told.standing, tail(0))),
        "deal" => Ok(Step::Last(|told| &told.deal, tail(0))),
        "because" => Ok(Step::Last(|told| &told.because, tail(0))),
        "account" => ask(Question::Account(name(0)?), 1),
        "lots" => ask(Question::Lots(name(0)?), 1),
        "holding" => match name(1)?.strip_prefix("tenant=") {
            Some(tenant) => ask(Question::Hold(tenant.to_owned(), name(0)?), 2),
            None => ask(Question::Hold(ALICE.to_owned(), name(0)?), 1),
        },
        "charges" => ask(Question::Charges(name(0)?, name(1)?), 2),
        "spent" => ask(Question::Spent(name(0)?), 1),
        "last" => ask(Question::Last(name(0)?), 1),
        "entries" => ask(Question::Entries(name(0)?), 1),
        "alerts" => ask(Question::Alerts(name(0)?), 1),
        "budget" => {
            let index = name(1)?.parse().map_err(|_| "expected a number")?;
            ask(Question::Budget(name(0)?, index), 2)
        }
        verb => {
            let (outcome, rest) = rest.split_last().ok_or("no outcome")?;
            match command(verb, rest) {
                Ok(command) if *outcome != "invalid" => {
                    Ok(Step::Do(Box::new(command), (*outcome).to_owned()))
                }
                Ok(_) => Err("is not invalid".to_owned()),
                Err(_) if *outcome == "invalid" => Ok(Step::Wrong),
                Err(why) => Err(why),
            }
        }
    }
}

/// A command's words: those that stand in their places, and those with a name.
struct Words<'w> {
    placed: Vec<&'w str>,
    named: Vec<(&'w str, &'w str)>,
}

impl<'w> Words<'w> {
    fn place(&self, at: usize) -> Parsed<String> {
        self.placed.get(at).map(|word| (*word).to_owned()).ok_or("too short".to_owned())
    }

    fn credits(&self, at: usize) -> Parsed<Credits> {
        credits(&self.place(at)?)
    }

    fn every(&self, name: &str) -> impl Iterator<Item = &'w str> {
        self.named.iter().filter(move |(own, _)| *own == name).map(|(_, value)| *value)
    }

    fn named(&self, name: &str) -> Option<String> {
        self.every(name).next().map(str::to_owned)
    }
}

fn command(verb: &str, words: &[&str]) -> Parsed<Command> {
    let named = words.iter().filter_map(|word| word.split_once('=')).collect();
    let placed = words.iter().filter(|word| !word.contains('=')).copied().collect();
    let words = Words { placed, named };
    Ok(match verb {
        "hold" => Command::Hold(NewHold {
            hold_id: words.place(0)?,
            tenant: words.place(1)?,
            user: words.named("user"),
            key: words.named("key"),
            credits: words.credits(2)?,
            expires_in: seconds(&words)?,
        }),
        "settle" => Command::Settle(settle(&words)?),
        "release" => Command::Release(Release {
            tenant: words.named("tenant").unwrap_or_else(|| ALICE.to_owned()),
            hold_id: words.place(0)?,
        }),
        "renew" => Command::Renew(Renew {
            tenant: words.named("tenant").unwrap_or_else(|| ALICE.to_owned()),
            hold_id: words.place(0)?,
            expires_in: seconds(&words)?,
        }),
        "sweep" => Command::Sweep(Sweep { tenant: words.place(0)? }),
        "repair" => Command::Repair(Repair { tenant: words.place(0)?, apply: true }),
        "inspect" => Command::Repair(Repair { tenant: words.place(0)?, apply: false }),
        "buy" => Command::Buy(Buy {
            tenant: words.place(0)?,
            key: words.place(1)?,
            buying: match words.place(3).as_deref() {
                Ok("paid") => Buying::Paid(words.credits(2)?),
                _ => Buying::Credits(words.credits(2)?),
            },
            expires_at: words.named("until").map(|text| moment(&text)).transpose()?,
        }),
        "adjust" => Command::Adjust(Adjust {
            tenant: words.place(0)?,
            key: words.place(1)?,
            change: change(&words)?,
            reason: words.named("because").unwrap_or_else(|| "a test".to_owned()),
        }),
        "tiers" => Command::SetTiers(tiers(&words)?),
        "configure" => Command::Configure(configure(&words)?),
        verb => return Err(format!("no event is called `{verb}`")),
    })
}

fn seconds(words: &Words<'_>) -> Parsed<u64> {
    let parsed = |seconds: String| seconds.parse().map_err(|_| "expected seconds".to_owned());
    words.named("for").map_or(Ok(900), parsed)
}

fn settle(words: &Words<'_>) -> Parsed<Settle> {
    let draw = words.named("draw").map(|draw| {
        let (id, releases) = draw.split_once(':').ok_or("draw=ID:RELEASES")?;
        Ok::<_, String>((id.to_owned(), credits(releases)?))
    });
    let tenant = words.named("unheld").or(words.named("tenant"));
    Ok(Settle {
        tenant: tenant.unwrap_or_else(|| ALICE.to_owned()),
        hold_id: words.place(0)?,
        draw: draw.transpose()?,
        unheld: words.named("unheld").is_some(),
        user: words.named("user"),
        key: words.named("key"),
        flags: words.every("flag").map(str::to_owned).collect(),
        parts: parts(words)?,
    })
}

fn parts(words: &Words<'_>) -> Parsed<Vec<SettledPart>> {
    let part = |model: Option<String>, credits: Credits| SettledPart {
        credits,
        details: ChargeDetails { model, ..ChargeDetails::default() },
    };
    let parts = words.every("part").map(|text| {
        let (model, cost) = text.split_once(':').ok_or("part=MODEL:CREDITS")?;
        Ok::<_, String>(part(Some(model.to_owned()), credits(cost)?))
    });
    let parts = parts.collect::<Parsed<Vec<_>>>()?;
    let whole = words.credits(1)?;
    if parts.is_empty() {
        return Ok(vec![part(words.named("model"), whole)]);
    }
    let sum = parts.iter().try_fold(Credits::ZERO, |sum, part| sum.checked_add(part.credits));
    if sum == Some(whole) { Ok(parts) } else { Err("the parts come to something else".to_owned()) }
}

fn change(words: &Words<'_>) -> Parsed<Change> {
    Ok(match words.place(2)?.as_str() {
        "credit" => Change::Credit {
            credits: words.credits(3)?,
            expires_at: words.named("until").map(|text| moment(&text)).transpose()?,
        },
        "debit" => Change::Debit { credits: words.credits(3)? },
        "refund" => Change::Refund {
            purchase: words.place(3)?,
            credits: words.place(4).ok().map(|text| credits(&text)).transpose()?,
        },
        "void" => Change::Void { lot: words.place(3)?.parse().map_err(|_| "no lot".to_owned())? },
        other => return Err(format!("no change is called `{other}`")),
    })
}

fn tiers(words: &Words<'_>) -> Parsed<Tiers> {
    let tier = |word: &&str| {
        let (at_least, discount) = word.split_once(':').ok_or("AMOUNT:DISCOUNT")?;
        let discount: Share = discount.parse().map_err(|_| "no discount")?;
        Ok::<_, String>(Tier { at_least: credits(at_least)?, discount })
    };
    let tiers = words.placed.iter().filter(|word| **word != "-").map(tier);
    let tiers = tiers.collect::<Parsed<Vec<Tier>>>()?;
    Tiers::of(tiers).map_err(|why| format!("{why:?}"))
}

fn configure(words: &Words<'_>) -> Parsed<Configure> {
    let alerts = words.named("alerts").map(|text| {
        let thresholds = text.split(',').filter(|text| *text != "-").map(str::parse);
        thresholds
            .collect::<Result<Vec<_>, _>>()
            .map_err(|why: tradewind::credit::ParseThresholdError| why.to_string())
    });
    let budget = |text: &str| text.replace(':', " ").parse::<Budget>();
    let budgets = words.every("budget").filter(|text| *text != "-").map(budget);
    let budgets = budgets.collect::<Result<Vec<_>, _>>().map_err(|why| format!("{why:?}"))?;
    let said = words.every("budget").next().is_some();
    Ok(Configure {
        tenant: words.place(0)?,
        overdraft: words.named("overdraft").map(|text| credits(&text)).transpose()?,
        alerts: alerts.transpose()?,
        budgets: said.then_some(budgets),
        webhook: words.named("webhook").map(|text| Some(text).filter(|text| text != "-")),
    })
}

fn credits(text: &str) -> Parsed<Credits> {
    text.parse().map_err(|why: tradewind::credit::ParseCreditsError| why.to_string())
}

fn duration(text: &str) -> Parsed<u64> {
    let unit = text.trim_start_matches(|c: char| c.is_ascii_digit());
    let number = text.strip_suffix(unit).and_then(|number| number.parse::<u64>().ok());
    let millis = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return Err("expected a duration such as `15m`".to_owned()),
    };
    number.map(|number| number * millis).ok_or("expected a duration such as `15m`".to_owned())
}

/// `2026-03-01T23:59:59.999Z`, with milliseconds or without.
fn moment(text: &str) -> Parsed<Moment> {
    let wrong = || format!("`{text}` is no moment");
    let plain = text.strip_suffix('Z').ok_or_else(wrong)?;
    let numbers: Vec<&str> = plain.split(['-', 'T', ':', '.']).collect();
    let numbers = numbers.iter().map(|number| number.parse::<u64>());
    let numbers = numbers.collect::<Result<Vec<_>, _>>().map_err(|_| wrong())?;
    let (head, millis) = numbers.split_at_checked(6).ok_or_else(wrong)?;
    let [year, month, day, hour, minute, second]: [u64; 6] =
        head.try_into().map_err(|_| wrong())?;
    // Years begin in March, so that the day that comes and goes is their last.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days = year * 365 + year / 4 - year / 100 + year / 400 + (month * 153 + 2) / 5 + day;
    let seconds = (((days - 719_469) * 24 + hour) * 60 + minute) * 60 + second;
    Ok(Moment::of_millis(seconds * 1_000 + millis.first().copied().unwrap_or_default()))
}
