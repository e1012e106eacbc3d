//! What a request's headers say: who calls, in which dialect, for what.
use super::super::Envoy;
use super::super::line::{Line, Opened};
use super::super::reply::Reply;
use super::super::resume::Resumption;
use super::copied::{self, CopyOf};
use super::deciding;
use super::feedback::Feedback;
use super::header_bound;
use super::resumed;
use super::stripped::Stripped;
use crate::decide::{CHAIN, not_allowed, unknown_model};
use crate::dialect::client::{self, Answer, Endpoint, Known, Served};
use crate::dialect::{Client, Fault, FaultKind, Inbound};
use crate::policy::{CallerFacts, Policy, Tenant, shown};

/// What is known before the body.
#[derive(Debug)]
pub(super) struct Head {
    pub(super) client: &'static Client,
    /// Where the app asks.
    pub(super) endpoint: &'static Endpoint,
    /// How the body is read.
    pub(super) inbound: &'static Inbound,
    /// Says how many tokens the body has, where that is all that is asked.
    pub(super) count: Option<fn(u64) -> Vec<u8>>,
    pub(super) tenant: Tenant,
    pub(super) request_id: Box<str>,
    /// The app's headers that go to a provider of its own format.
    pub(super) forwarded: Vec<(String, String)>,
    /// The app's headers by which something is decided.
    pub(super) deciding: Vec<(String, String)>,
    /// What goes no further.
    pub(super) stripped: Stripped,
    /// What it is a copy of; `None` for an app's own request.
    pub(super) copy_of: Option<Box<CopyOf>>,
    /// The answer that it goes on with; `None` for one that begins.
    pub(super) resumption: Option<Box<Resumption>>,
}

/// What follows from the headers.
#[cfg_attr(
    target_pointer_width = "64",
    expect(clippy::large_enum_variant, reason = "most are requests, and taken apart at once")
)]
pub(super) enum Opening {
    /// The headers alone decide: this is the answer.
    Reply(Reply),
    /// The body decides.
    Request(Head),
    /// The body says what the app thinks of an answer.
    Feedback(Feedback),
}

/// The caller of a request with these headers.
struct Caller<'r> {
    headers: &'r [(String, Vec<u8>)],
    host: &'r dyn Envoy,
}

impl CallerFacts for Caller<'_> {
    fn header(&self, name: &str) -> Option<&[u8]> {
        header(self.headers, name)
    }

    fn last_header(&self, name: &str) -> Option<&[u8]> {
        let found = self.headers.iter().rev().find(|(own, _)| own == name);
        found.map(|(_, value)| value.as_slice())
    }

    fn property(&self, path: &[&str]) -> Option<Vec<u8>> {
        self.host.property(path)
    }

    fn unix_seconds(&self) -> u64 {
        self.host.unix_seconds()
    }
}

impl Head {
    /// Who is charged.
    pub(super) fn payer(&self) -> &Tenant {
        payer(&self.tenant, self.copy_of.as_deref())
    }

    /// The headers that go along when the gateway asks once more what an app has asked: those that
    /// decide, but for the app's choice of a chain, which has been made, and those that providers
    /// are sent. One may be both, and stands once.
    pub(super) fn carried(&self) -> impl Iterator<Item = &(String, String)> {
        let twice = |own: &str| self.forwarded.iter().any(|(name, _)| name == own);
        let deciding = self.deciding.iter().filter(move |(own, _)| own != CHAIN && !twice(own));
        deciding.chain(&self.forwarded)
    }

    /// Whether the gateway asks it itself.
    pub(super) const fn is_our_own(&self) -> bool {
        self.copy_of.is_some() || self.resumption.is_some()
    }

    /// The refusal of this request in its app's words; the access log says why.
    pub(super) fn fault(&self, fault: &Fault, line: &mut Line) -> Reply {
        line.refuse("request", &fault.message);
        Reply::fault(self.client, fault, &self.request_id)
    }
}

/// Reads a request's headers; the access log is told whose it is, or why it is refused.
pub(super) fn read(
    headers: &[(String, Vec<u8>)],
    policy: &Policy,
    line: &mut Line,
    host: &dyn Envoy,
) -> Opening {
    let text = |name: &str| header(headers, name).and_then(|v| core::str::from_utf8(v).ok());
    let method = text(":method").unwrap_or_default();
    let path = text(":path").unwrap_or_default();
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    // Some apps join an address and a path with a slash too many.
    let path = path.strip_suffix('/').filter(|path| !path.is_empty()).unwrap_or(path);
    let request_id = header_bound::id(text("x-request-id").unwrap_or_default());

    line.begin(Opened { request_id, method, path }, host.now_ms());

    let client = client::of(path, |name| header(headers, name).is_some());
    let fault = |fault: &Fault, line: &mut Line| {
        line.refuse("request", &fault.message);
        Reply::fault(client, fault, request_id)
    };
    let refuse = |own: &Fault, line: &mut Line| Opening::Reply(fault(own, line));
    if method == "CONNECT" {
        let message = "this is a gateway to models and no tunnel: CONNECT is not served";
        return refuse(&Fault::new(FaultKind::MethodNotAllowed, message), line);
    }
    let endpoint = match client.endpoint(path, method) {
        Ok(endpoint) => endpoint,
        Err(methods) if methods.is_empty() => return refuse(&unknown_path(path), line),
        Err(methods) => {
            let methods = methods.join(", ");
            let message = format!("`{path}` takes {methods}, not {}", shown(method));
            let mut reply = fault(&Fault::new(FaultKind::MethodNotAllowed, message), line);
            reply.headers.push(("allow", methods));
            return Opening::Reply(reply);
        }
    };
    let Whose { tenant, copy_of, resumption } = match whose(headers, policy, line, host) {
        Ok(whose) => whose,
        Err(fault) => return refuse(&fault, line),
    };
    line.caller(client.name, endpoint.operation.name, payer(&tenant, copy_of.as_deref()));
    copy_of.iter().for_each(|own| line.copy_of(&own.name, &own.request_id));
    let (inbound, count) = match endpoint.served {
        Served::ByModels(inbound) => (inbound, None),
        Served::Counted(inbound, write) => (inbound, Some(write)),
        Served::ByGateway(write) => {
            let id = endpoint.id(path);
            let own = own_answer(write, (policy, &tenant), id.as_deref(), query);
            line.answered_ourselves(&own);
            return Opening::Reply(Reply::of(client, own, request_id));
        }
        Served::Noted => return Opening::Feedback(Feedback::new(client, request_id)),
    };
    if let Some(encoding) = text("content-encoding").filter(|e| !e.eq_ignore_ascii_case("identity"))
    {
        let message =
            format!("content-encoding `{}` is not supported: send plain JSON", shown(encoding));
        return refuse(&Fault::new(FaultKind::InvalidRequest, message).with_status(415), line);
    }
    let stripped = Stripped::of(headers, policy);
    let deciding = deciding::read(headers, policy)
        .and_then(|own| header_bound::check(headers, client, stripped.names(), &own).map(|()| own));
    match deciding {
        Err(fault) => refuse(&fault, line),
        Ok(deciding) => Opening::Request(Head {
            client,
            endpoint,
            inbound,
            count,
            tenant,
            request_id: request_id.into(),
            forwarded: forwarded(headers, client),
            deciding,
            stripped,
            copy_of,
            resumption,
        }),
    }
}

/// Whose request it is.
struct Whose {
    tenant: Tenant,
    /// What it is a copy of, where it is one.
    copy_of: Option<Box<CopyOf>>,
    /// The answer that it goes on with, where it does.
    resumption: Option<Box<Resumption>>,
}

/// Whose request it is, and whether the gateway asks it itself.
///
/// # Errors
/// Nobody's that is known.
fn whose(
    headers: &[(String, Vec<u8>)],
    policy: &Policy,
    line: &mut Line,
    host: &dyn Envoy,
) -> Result<Whose, Box<Fault>> {
    if let Some(own) = copied::read(headers, policy, line, host)? {
        let tenant = own.tenant.clone();
        return Ok(Whose { tenant, copy_of: Some(Box::new(own)), resumption: None });
    }
    if let Some(own) = resumed::read(headers, line, host)? {
        let tenant = own.tenant.clone();
        return Ok(Whose { tenant, copy_of: None, resumption: Some(own) });
    }
    let tenant = policy.identify(&Caller { headers, host })?;
    let unknown = || Fault::new(FaultKind::Authentication, unauthenticated(headers, policy));
    let own = |tenant| Whose { tenant, copy_of: None, resumption: None };
    tenant.map(own).ok_or_else(|| Box::new(unknown()))
}

/// Who is charged.
fn payer<'t>(tenant: &'t Tenant, copy_of: Option<&'t CopyOf>) -> &'t Tenant {
    copy_of.map_or(tenant, |own| &own.payer)
}

/// The gateway's own answer, about the model of that name where the path ends in one.
fn own_answer(
    write: Answer,
    (policy, tenant): (&Policy, &Tenant),
    id: Option<&str>,
    query: &str,
) -> Result<Vec<u8>, Fault> {
    let known = |id: &str| match policy.route(id) {
        _ if !tenant.may_ask_for(id) => Err(not_allowed(tenant, id)),
        Some(_) => Ok(()),
        None => Err(unknown_model(policy, id)),
    };
    id.map(known).transpose()?;
    let id = id.unwrap_or_default();
    let names = policy.routes().iter().flat_map(|route| &route.names);
    let names = names.map(String::as_str).filter(|name| tenant.may_ask_for(name));
    let models: Vec<&str> = names.collect();
    write(&Known { models: &models, id, query })
}

/// Whether requests of this method have a body, which is to be read before they are refused. One of
/// another method seldom has, and where it is left open (CONNECT) it may never end.
pub(super) fn has_body(headers: &[(String, Vec<u8>)]) -> bool {
    matches!(header(headers, ":method"), Some(b"POST" | b"PUT" | b"PATCH"))
}

fn header<'h>(headers: &'h [(String, Vec<u8>)], name: &str) -> Option<&'h [u8]> {
    headers.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_slice())
}

/// A path of nobody's: those that exist are named.
fn unknown_path(path: &str) -> Fault {
    let endpoints = client::endpoints();
    let there = |endpoint: &&Endpoint| format!("{} {}", endpoint.method, endpoint.path);
    let there: Vec<String> = endpoints.iter().map(there).collect();
    let listed = match there.split_last() {
        Some((last, others)) if !others.is_empty() => format!("{}, or {last}", others.join(", ")),
        _ => there.join(""),
    };
    let message = format!("there is no `{}` here: expected {listed}", shown(path));
    Fault::new(FaultKind::NotFound, message)
}

/// What an app is told whose caller is not known: where this policy looks for a credential.
fn unauthenticated(headers: &[(String, Vec<u8>)], policy: &Policy) -> String {
    let (mut ways, mut sent, mut keys, mut certificates) = (Vec::new(), false, false, false);
    for identity in policy.identity() {
        let places = identity.credential_headers();
        sent |= places.iter().any(|place| header(headers, &place.name).is_some());
        let named = places.iter().filter(|place| place.advertised);
        keys |= places.iter().any(|place| place.secret == "KEY");
        certificates |= identity.certificates().is_some();
        let named: Vec<_> = named
            .map(|place| format!("`{}: {}{}`", place.name, place.scheme, place.secret))
            .collect();
        if !named.is_empty() && !ways.contains(&named) {
            ways.push(named);
        }
    }
    let what = if keys { "API key" } else { "token" };
    if sent {
        format!("the {what} is not known here: check it, or ask the gateway's operator for one")
    } else if ways.is_empty() && certificates {
        "the caller is not known here: call with a client certificate that is".to_owned()
    } else if ways.is_empty() {
        "the caller is not known here: ask the gateway's operator".to_owned()
    } else {
        format!("no {what}: send one as {}", ways.concat().join(" or "))
    }
}

fn forwarded(headers: &[(String, Vec<u8>)], client: &Client) -> Vec<(String, String)> {
    headers
        .iter()
        .filter(|(name, _)| client.forwarded_headers.contains(&name.as_str()))
        .filter_map(|(name, value)| {
            Some((name.clone(), core::str::from_utf8(value).ok()?.to_owned()))
        })
        .collect()
}
