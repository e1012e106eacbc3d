//! What a request's headers say: who calls, in which dialect, for what.
use super::super::reply::Reply;
use super::held;
use super::send::Stripped;
use crate::dialect::{ALL, App, Dialect, Fault, FaultKind};
use crate::policy::{Identity, Policy, Tenant, shown};

/// What is known before the body.
#[derive(Debug)]
pub(super) struct Head {
    pub(super) dialect: &'static Dialect,
    pub(super) app: &'static App,
    pub(super) tenant: Tenant,
    pub(super) request_id: String,
    /// The app's headers that go to a provider of its own dialect.
    pub(super) carried: Vec<(String, String)>,
    /// What goes no further.
    pub(super) stripped: Stripped,
}

/// What follows from the headers.
pub(super) enum Opening {
    /// Answer.
    Reply(Reply),
    /// Read the body.
    Request(Head),
}

/// The path of the list of models, the same in every dialect.
const MODELS: &str = "/v1/models";

pub(super) fn read(headers: &[(String, Vec<u8>)], policy: &Policy) -> Opening {
    let text = |name: &str| header(headers, name).and_then(|v| core::str::from_utf8(v).ok());
    let method = text(":method").unwrap_or_default();
    let path = text(":path").unwrap_or_default();
    let path = path.split_once('?').map_or(path, |(path, _)| path);
    let request_id = held::id(text("x-request-id").unwrap_or_default());

    let Some((dialect, app)) = speaks(path, headers) else {
        return Opening::Reply(no_app(request_id));
    };
    let refuse = |fault: &Fault| Opening::Reply(Reply::fault(app, fault, request_id));
    if method == "CONNECT" {
        let message = "this is a gateway to models and no tunnel: CONNECT is not served";
        return refuse(&Fault::new(FaultKind::MethodNotAllowed, message));
    }
    if path != MODELS && path != app.path {
        return refuse(&unknown_path(path));
    }
    let wanted = if path == MODELS { "GET" } else { "POST" };
    if method != wanted {
        let message = format!("`{path}` takes {wanted}, not {}", shown(method));
        let fault = Fault::new(FaultKind::MethodNotAllowed, message);
        let mut reply = Reply::fault(app, &fault, request_id);
        reply.headers.push(("allow", wanted.to_owned()));
        return Opening::Reply(reply);
    }
    let Some(tenant) = policy.identify(|name| header(headers, name)) else {
        return refuse(&Fault::new(FaultKind::Authentication, unauthenticated(headers, policy)));
    };
    if path == MODELS {
        let names: Vec<&str> =
            policy.routes().iter().flat_map(|r| r.names.iter().map(String::as_str)).collect();
        return Opening::Reply(Reply::ok(app, (app.models)(&names), request_id));
    }
    if let Some(encoding) = text("content-encoding").filter(|e| !e.eq_ignore_ascii_case("identity"))
    {
        let message =
            format!("content-encoding `{}` is not supported: send plain JSON", shown(encoding));
        return refuse(&Fault::new(FaultKind::InvalidRequest, message).with_status(415));
    }
    let stripped = Stripped::of(headers, policy);
    if let Err(fault) = held::check(headers, app, stripped.names()) {
        return refuse(&fault);
    }
    Opening::Request(Head {
        dialect,
        app,
        tenant: tenant.clone(),
        request_id: request_id.to_owned(),
        carried: carried(headers, app),
        stripped,
    })
}

/// Whether requests of this method have a body, which is to be read before they are refused. One of
/// another method seldom has, and where it is left open (CONNECT) it may never end.
pub(super) fn has_body(headers: &[(String, Vec<u8>)]) -> bool {
    matches!(header(headers, ":method"), Some(b"POST" | b"PUT" | b"PATCH"))
}

fn header<'h>(headers: &'h [(String, Vec<u8>)], name: &str) -> Option<&'h [u8]> {
    headers.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_slice())
}

/// The dialect that a path belongs to; for a path of nobody's, the one that the app's other
/// headers suggest.
fn speaks(path: &str, headers: &[(String, Vec<u8>)]) -> Option<(&'static Dialect, &'static App)> {
    let apps = || ALL.iter().filter_map(|dialect| Some((dialect, dialect.app.as_ref()?)));
    let marked = |app: &App| app.carries.iter().any(|name| header(headers, name).is_some());
    apps()
        .find(|(_, app)| app.path == path)
        .or_else(|| apps().find(|(_, app)| path.starts_with(app.path)))
        .or_else(|| apps().find(|(_, app)| marked(app)))
        .or_else(|| apps().next_back())
}

/// There is always a dialect that apps speak; this is for a build without any.
fn no_app(request_id: &str) -> Reply {
    let headers = vec![("x-tradewind-request-id", request_id.to_owned())];
    Reply { status: 404, headers, body: Vec::new() }
}

fn unknown_path(path: &str) -> Fault {
    let mut message = format!("there is no `{}` here: expected", shown(path));
    for app in ALL.iter().filter_map(|dialect| dialect.app.as_ref()) {
        message.push_str(&format!(" POST {},", app.path));
    }
    message.push_str(&format!(" or GET {MODELS}"));
    Fault::new(FaultKind::NotFound, message)
}

/// What an app without a key that we know is told: where this policy looks for one.
fn unauthenticated(headers: &[(String, Vec<u8>)], policy: &Policy) -> String {
    const USUAL: [&str; 3] = ["authorization", "x-api-key", "x-goog-api-key"];
    let (mut places, mut sent) = (Vec::new(), false);
    for identity in policy.identity() {
        let Identity::ApiKey { header: own, .. } = identity else { continue };
        let (place, names) = match own {
            Some(own) => (format!("`{own}: KEY`"), vec![own.as_str()]),
            None => ("`authorization: Bearer KEY` or `x-api-key: KEY`".to_owned(), USUAL.to_vec()),
        };
        sent |= names.iter().any(|name| header(headers, name).is_some());
        if !places.contains(&place) {
            places.push(place);
        }
    }
    if sent {
        "the API key is not known here: check it, or ask the gateway's operator for one".to_owned()
    } else {
        format!("no API key: send one as {}", places.join(" or "))
    }
}

fn carried(headers: &[(String, Vec<u8>)], app: &App) -> Vec<(String, String)> {
    headers
        .iter()
        .filter(|(name, _)| app.carries.contains(&name.as_str()))
        .filter_map(|(name, value)| {
            Some((name.clone(), core::str::from_utf8(value).ok()?.to_owned()))
        })
        .collect()
}
