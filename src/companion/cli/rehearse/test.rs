//! `tradewind test`: what a policy is to do with requests, held against what it does.
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use serde_json::{Map, Value};

use super::super::now;
use super::scene::{credits, unknown_model};
use super::{Loaded, fail, print, read};
use crate::companion::policy_file;
use crate::companion::rehearsal::{Account, Caller, Course, Ending, Request, Scene, Weather};
use crate::credit::Credits;
use crate::policy::{Content, Node, Policy, parted, unknown};

const CASES: &str = "\
The file is a list, in YAML or JSON, of cases such as

  - name: a simple question goes to the budget chain
    request: {model: auto, messages: [{role: user, content: What is 2 + 2?}]}
    tenant: acme
    expect: {chain: budget, model: claude-haiku}
  - name: Claude is down
    request: {model: auto, messages: [{role: user, content: What is 2 + 2?}]}
    weather: {claude-haiku: 529}
    expect: {attempts: [claude-haiku, gpt-luna], model: gpt-luna}

request      a body as an app sends it, or {path: …, headers: {…}, body: …}
path, headers, tenant, user, key, peer, balance, last_purchase, weather, at, seed
             as the options of `tradewind explain`
jwt, node    the same, each the object itself
expect       any of these:
  status     what the app is answered with; 200 where a model answers
  model      the model that answers; null for none
  chain      the chain that serves the request
  class      the class that it is in
  arms       the arm that it has in each of these experiments: {NAME: ARM}
  attempts   the models that are asked, in order
  skipped    models that are passed over, among others
  near_limit whether its tenant has little left
  held       the most credits that are set aside for it; less is as expected, too
  told       words in what the app is told
";

/// Holds a policy against the cases of a file, from the filter's own code, without a network.
///
/// Exits with 0 when all is as expected, with 1 when something is not, and with 2 when the policy
/// or the cases cannot be read.
#[derive(Debug, Args)]
#[command(after_long_help = CASES)]
pub(crate) struct Test {
    /// The policy, in YAML or JSON.
    policy: PathBuf,
    /// The cases; `-` for standard input.
    cases: PathBuf,
}

/// What a case may have.
const MEMBERS: &[&str] = &[
    "name",
    "request",
    "path",
    "headers",
    "tenant",
    "user",
    "key",
    "jwt",
    "peer",
    "node",
    "balance",
    "last_purchase",
    "weather",
    "at",
    "seed",
    "expect",
];

pub(crate) fn run(args: &Test) -> ExitCode {
    let loaded = match Loaded::of(&args.policy) {
        Ok(loaded) => loaded,
        Err(problems) => return fail(&problems),
    };
    let cases = match cases(&args.cases) {
        Ok(cases) => cases,
        Err(message) => return fail(&[message]),
    };
    let (mut out, mut failed, count) = (String::new(), 0_usize, cases.len());
    for (index, case) in cases.iter().enumerate() {
        let case = match object_of(case, &args.cases) {
            Ok(case) => case,
            Err(message) => return fail(&[message]),
        };
        let name = case.get("name").and_then(Value::as_str);
        let name = name.map_or_else(|| format!("case {}", index.saturating_add(1)), str::to_owned);
        let wrong = match check(&loaded, &case) {
            Ok(wrong) => wrong,
            Err(message) => {
                return fail(&[format!("{}: {name}: {message}", args.cases.display())]);
            }
        };
        if wrong.is_empty() {
            out.push_str(&format!("ok      {name}\n"));
            continue;
        }
        failed = failed.saturating_add(1);
        out.push_str(&format!("FAILED  {name}\n"));
        wrong.iter().for_each(|line| out.push_str(&format!("        {line}\n")));
    }
    out.push_str(&match failed {
        0 => format!("{count} cases, all as expected\n"),
        _ => format!("{count} cases, {failed} not as expected\n"),
    });
    print(&out);
    ExitCode::from(u8::from(failed > 0))
}

/// What is expected of a file.
const LIST: &str = "expected a list of cases, each an object with a `request` and what to `expect`";

/// The cases of a file.
fn cases(path: &Path) -> Result<Vec<Node>, String> {
    let bytes = read(path)?;
    if bytes.trim_ascii().is_empty() {
        return Err(format!("{}: is empty: {LIST}", path.display()));
    }
    let node = policy_file::cases(&bytes).map_err(|problem| problem.in_file(path))?;
    match node.content {
        Content::List(cases) if !cases.is_empty() => Ok(cases),
        _ => Err(format!("{}: {LIST}", path.display())),
    }
}

/// One case. Of many thousands no more than one is held twice.
fn object_of(case: &Node, path: &Path) -> Result<Map<String, Value>, String> {
    let wrong = |message: &str| format!("{}:{}: {message}", path.display(), case.line);
    match serde_json::from_str(&case.to_json()) {
        Ok(Value::Object(case)) => Ok(case),
        Ok(_) => Err(wrong(LIST)),
        Err(error) => Err(wrong(&error.to_string())),
    }
}

/// What is not as a case expects.
fn check(loaded: &Loaded, case: &Map<String, Value>) -> Result<Vec<String>, String> {
    if let Some(member) = case.keys().find(|member| !MEMBERS.contains(&member.as_str())) {
        return Err(format!("there is no `{member}` in a case: expected {}", MEMBERS.join(", ")));
    }
    let mut request = Request::of(case.get("request").ok_or("`request` is missing")?)?;
    if let Some(path) = text(case, "path")? {
        request.path = path;
    }
    if let Some(headers) = case.get("headers") {
        let headers = headers.as_object().ok_or("`headers`: expected an object of strings")?;
        for (name, value) in headers {
            let value =
                value.as_str().ok_or_else(|| format!("`headers.{name}`: expected a string"))?;
            request.set_header(&name.to_ascii_lowercase(), value);
        }
    }
    let caller = Caller {
        tenant: text(case, "tenant")?,
        user: text(case, "user")?,
        key: text(case, "key")?,
        jwt: object(case, "jwt")?,
        peer: text(case, "peer")?,
        node: object(case, "node")?,
    };
    let (rehearsal, request, scene) = loaded.rehearse(&caller, request, scene(case)?)?;
    if let Some(wrong) = unknown_model(&rehearsal, &scene.weather) {
        return Err(wrong);
    }
    let course = rehearsal.run(&request, &scene);
    let considered = rehearsal.consider(&request, &scene);
    let candidates = considered.iter().flat_map(|own| own.decision.quote.candidates());
    let cost = candidates.filter(|own| course.chosen(own)).map(|own| own.max_cost).next();
    let expected = case.get("expect").and_then(Value::as_object);
    let expected = expected.ok_or("`expect` is missing: an object with what is to happen")?;
    if expected.is_empty() {
        return Err("`expect` is empty: such a case cannot fail".to_owned());
    }
    names(expected, rehearsal.policy())?;
    let mut wrong = Vec::new();
    for (what, expected) in expected {
        wrong.extend(differs(what, expected, (&course, cost))?);
    }
    Ok(wrong)
}

/// Whether the policy knows what is expected: what it does not know it never does.
fn names(expected: &Map<String, Value>, policy: &Policy) -> Result<(), String> {
    let chains = || policy.chains().collect::<Vec<_>>();
    let classes = || policy.classes().iter().map(|own| &*own.name).collect::<Vec<_>>();
    let models = || policy.models().iter().map(|own| own.name.as_str()).collect::<Vec<_>>();
    let at_accounts = || {
        let asked = policy.asked().map(|own| own.name.as_str());
        asked.filter(|name| parted(name).1.is_some()).collect::<Vec<_>>()
    };
    for (member, value) in expected {
        let (what, known) = match member.as_str() {
            "chain" => ("chain", chains()),
            "class" => ("class", classes()),
            "model" => ("model", models()),
            "attempts" | "skipped" => ("model", [models(), at_accounts()].concat()),
            "arms" => {
                arms(value, policy)?;
                continue;
            }
            _ => continue,
        };
        let all = value.as_array().map_or(core::slice::from_ref(value), Vec::as_slice);
        let other = all.iter().filter_map(Value::as_str).find(|name| !known.contains(name));
        if let Some(other) = other {
            return Err(format!("`expect.{member}`: {}", unknown(what, other, &known)));
        }
    }
    Ok(())
}

fn arms(value: &Value, policy: &Policy) -> Result<(), String> {
    let all: Vec<&str> = policy.experiments().iter().map(|own| &*own.name).collect();
    for (name, arm) in value.as_object().into_iter().flatten() {
        let own = policy.experiments().iter().find(|own| *own.name == **name);
        let own =
            own.ok_or_else(|| format!("`expect.arms`: {}", unknown("experiment", name, &all)))?;
        let told: Vec<&str> = own.told().collect();
        if let Some(arm) = arm.as_str().filter(|arm| !told.contains(arm)) {
            return Err(format!("`expect.arms.{name}`: {}", unknown("arm", arm, &told)));
        }
    }
    Ok(())
}

fn scene(case: &Map<String, Value>) -> Result<Scene, String> {
    let mut weather = Weather::default();
    if let Some(given) = case.get("weather") {
        let given = given.as_object().ok_or("`weather`: expected an object: {MODEL: FAILURE}")?;
        for (model, failure) in given {
            let failure = failure.as_str().map_or_else(|| failure.to_string(), str::to_owned);
            let failure = failure.parse().map_err(|wrong| format!("`weather.{model}`: {wrong}"))?;
            weather.add(model, failure);
        }
    }
    let credits = |member: &str| {
        let given = case.get(member);
        let digits = given.map(|own| own.as_str().map_or_else(|| own.to_string(), str::to_owned));
        let read = digits.as_deref().map(credits).transpose();
        read.map_err(|wrong| format!("`{member}`: {wrong}"))
    };
    let at = text(case, "at")?.map(|at| {
        let time = at.parse::<jiff::Timestamp>();
        let seconds = time.ok().and_then(|time| u64::try_from(time.as_second()).ok());
        seconds.ok_or_else(|| {
            format!("`at`: expected a time such as 2026-11-29T09:30:00Z, found `{at}`")
        })
    });
    let seed = match case.get("seed") {
        None => 0,
        Some(seed) => seed.as_u64().ok_or("`seed`: expected a whole number")?,
    };
    Ok(Scene {
        caller: Value::Null,
        account: Account { balance: credits("balance")?, last_purchase: credits("last_purchase")? },
        weather,
        unix_seconds: at.transpose()?.unwrap_or_else(now),
        seed,
    })
}

fn text(case: &Map<String, Value>, member: &str) -> Result<Option<String>, String> {
    match case.get(member) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err(format!("`{member}`: expected a string")),
    }
}

fn object(case: &Map<String, Value>, member: &str) -> Result<Option<Value>, String> {
    match case.get(member) {
        None => Ok(None),
        Some(object @ Value::Object(_)) => Ok(Some(object.clone())),
        Some(_) => Err(format!("`{member}`: expected an object")),
    }
}

/// How a request's course differs from what is expected of it.
fn differs(
    what: &str,
    expected: &Value,
    (course, cost): (&Course, Option<Credits>),
) -> Result<Option<String>, String> {
    let attempts = || course.attempts.iter().map(|own| Value::from(own.model.as_str()));
    let logged = |member: &str| course.line.get(member).cloned().unwrap_or_default();
    let found = match what {
        "status" => {
            if !expected.is_u64() {
                return Err(format!("`expect.status`: expected a number, found {expected}"));
            }
            match &course.ending {
                Ending::Answered => Value::from(200),
                Ending::Told { status, .. } => Value::from(*status),
            }
        }
        "model" => match course.ending {
            Ending::Answered => {
                let last = course.attempts.last();
                last.map_or(Value::Null, |own| Value::from(parted(&own.model).0))
            }
            Ending::Told { .. } => Value::Null,
        },
        "chain" | "class" => logged(what),
        "near_limit" => Value::from(logged(what) == Value::Bool(true)),
        "attempts" => attempts().collect(),
        "arms" => return among(what, expected, &logged("arms")),
        "skipped" => {
            let skipped = logged(what);
            let skipped = skipped.as_array().into_iter().flatten();
            let found: Vec<&Value> = skipped.filter_map(|entry| entry.get("model")).collect();
            let expected =
                expected.as_array().ok_or("`expect.skipped`: expected a list of models")?;
            let missing = expected.iter().find(|model| !found.contains(model));
            let found: Value = found.into_iter().cloned().collect();
            return Ok(missing.map(|model| format!("skipped: expected {model} among {found}")));
        }
        "held" => return held(expected, cost.unwrap_or_default()),
        "told" => {
            let words = expected.as_str().ok_or("`expect.told`: expected a string")?;
            let told = match &course.ending {
                Ending::Answered => String::new(),
                Ending::Told { body, .. } => String::from_utf8_lossy(body).into_owned(),
            };
            let wrong = || format!("told: expected `{words}` in `{told}`");
            return Ok((!told.contains(words)).then(wrong));
        }
        _ => {
            return Err(format!(
                "`expect.{what}`: expected status, model, chain, class, arms, attempts, skipped, \
                 near_limit, held or told"
            ));
        }
    };
    Ok((found != *expected).then(|| format!("{what}: expected {expected}, found {found}")))
}

/// Whether an object has members of another.
fn among(what: &str, expected: &Value, found: &Value) -> Result<Option<String>, String> {
    let members = expected.as_object();
    let members = members.ok_or_else(|| format!("`expect.{what}`: expected an object"))?;
    let missing = members.iter().find(|(name, value)| found.get(name) != Some(value));
    Ok(missing.map(|(name, value)| format!("{what}: expected {name}: {value}, found {found}")))
}

fn held(expected: &Value, own: Credits) -> Result<Option<String>, String> {
    let digits = expected.as_str().map_or_else(|| expected.to_string(), str::to_owned);
    let most: Credits = digits
        .parse()
        .map_err(|_| "`expect.held`: expected credits such as \"0.05\"".to_owned())?;
    Ok((own > most).then(|| format!("held: expected {most} at most, found {own}")))
}
