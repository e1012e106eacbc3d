//! What providers say, word for word, and whose fault it is.
use super::account;
use crate::dialect::provider::named;
use crate::dialect::{FaultKind as K, Format, Operation};

/// Each row is a provider, a status, what it is and a body.
const SAID: &str = include_str!("said.txt");

fn rows() -> impl Iterator<Item = (&'static str, u16, &'static str, &'static str)> {
    let rows = SAID.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    rows.map(|line| {
        let mut parts = line.splitn(4, ' ');
        let mut part = || parts.next().unwrap_or_default();
        (part(), part().parse().unwrap(), part(), part())
    })
}

fn format(provider: &str) -> &'static Format {
    named(provider).unwrap().endpoint(Operation::CHAT).unwrap().format
}

#[test]
fn whose_fault_it_is() {
    for (provider, status, kind, body) in rows() {
        let fault = (format(provider).read_fault)(status, body.as_bytes());
        let found = (format!("{:?}", fault.kind), fault.status);
        assert_eq!(found, (kind.to_owned(), status), "{provider} {status} {body}");
    }
}

/// Whatever an error is called, these say it themselves.
#[test]
fn no_word_of_any_dialect_outranks_a_status() {
    let bodies: Vec<&str> = rows().map(|(_, _, _, body)| body).collect();
    let operators = [K::Authentication, K::Permission, K::Billing, K::ModelNotFound, K::NotFound];
    for provider in ["anthropic", "gemini", "openai"] {
        let read = format(provider).read_fault;
        for body in &bodies {
            for status in [401, 402, 403, 404] {
                let fault = read(status, body.as_bytes());
                assert!(operators.contains(&fault.kind), "{provider} {status} {body}: {fault:?}");
            }
            let fault = read(413, body.as_bytes());
            assert!(matches!(fault.kind, K::TooLarge | K::ContextLength), "{body}: {fault:?}");
            for status in (405..=499).filter(|status| *status != 422) {
                let fault = read(status, body.as_bytes());
                assert_ne!(fault.kind, K::InvalidRequest, "{provider} {status} {body}");
            }
            for status in (300..400).chain(500..600) {
                let fault = read(status, body.as_bytes());
                assert_ne!(fault.kind, K::InvalidRequest, "{provider} {status} {body}");
            }
        }
    }
}

#[test]
fn no_key_is_told() {
    let body = concat!(
        r#"{"error":{"code":403,"type":"x","#,
        r#""message":"Consumer 'api_key:AIzaSyAbm-_oW12aAAxNc8FEEh-84QT7o-9r1Ak' has been s"#,
        r#"uspended.","status":"PERMISSION_DENIED","#,
        r#""param":"sk-proj-aB3dE6gH9jK2mN5pQ8sT1vW4yZ7"}}"#,
    );
    for provider in ["anthropic", "gemini", "openai"] {
        for status in [200, 400, 403, 500] {
            let fault = (format(provider).read_fault)(status, body.as_bytes());
            let told = format!("{fault:?}");
            assert!(!told.contains("AIza") && !told.contains("aB3dE6"), "{provider}: {told}");
            assert!(told.contains("Consumer 'api_key:[redacted]' has been"), "{provider}: {told}");
        }
        let page = b"invalid key sk-proj-aB3dE6gH9jK2mN5pQ8sT1vW4yZ7";
        let fault = (format(provider).read_fault)(400, page);
        assert!(!format!("{fault:?}").contains("aB3dE6"), "{provider}: {fault:?}");
    }
}

#[test]
fn a_quotation_is_not_what_is_said() {
    assert_eq!(account("your 'out of credits' is 'no word"), None);
    assert_eq!(account("you're out of credits, aren't you"), Some(K::Billing));
    assert_eq!(account("`x` says out of credits"), Some(K::Billing));
}
