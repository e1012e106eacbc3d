//! What providers say, word for word, and whose fault it is.
use super::account;
use crate::dialect::{FaultKind as K, named};

/// The status decides; the type that came with it would have told something else.
const STATUS: &str = r#"
anthropic 401 Authentication {"type":"error","error":{"type":"invalid_request_error","message":"OAuth authentication is currently not supported."}}
anthropic 402 Billing {"type":"error","error":{"type":"invalid_request_error","message":"payment"}}
anthropic 403 Permission {"type":"error","error":{"type":"invalid_request_error","message":"Request not allowed"}}
anthropic 403 Permission {"error":{"type":"forbidden","message":"Request not allowed"}}
anthropic 404 NotFound {"type":"error","error":{"type":"invalid_request_error","message":"gone"}}
anthropic 404 ModelNotFound {"type":"error","error":{"type":"not_found_error","message":"model: claude-2"}}
anthropic 413 ContextLength {"error":{"type":"invalid_request_error","message":"Request size exceeds model context window"}}
anthropic 413 TooLarge {"error":{"type":"rate_limit_error","message":"big"}}
anthropic 429 RateLimit {"error":{"type":"invalid_request_error","message":"slow down"}}
anthropic 500 Internal {"error":{"type":"invalid_request_error","message":"oops"}}
anthropic 529 Overloaded {"error":{"type":"invalid_request_error","message":"oops"}}
gemini 401 Authentication {"error":{"code":401,"message":"no","status":"INVALID_ARGUMENT"}}
gemini 403 Permission {"error":{"code":403,"message":"no","status":"INVALID_ARGUMENT"}}
gemini 403 Permission {"error":{"code":403,"message":"Permission denied: Consumer 'api_key:x' has been suspended.","status":"PERMISSION_DENIED"}}
gemini 404 NotFound {"error":{"code":404,"message":"no","status":"INVALID_ARGUMENT"}}
gemini 413 TooLarge {"error":{"code":413,"message":"no","status":"INVALID_ARGUMENT"}}
gemini 429 RateLimit {"error":{"code":429,"message":"You exceeded your current quota, please check your plan and billing details.","status":"RESOURCE_EXHAUSTED"}}
gemini 499 Internal {"error":{"code":499,"message":"The operation was cancelled.","status":"CANCELLED"}}
openai 401 Authentication {"error":{"message":"no","type":"invalid_request_error","code":"context_length_exceeded"}}
openai 401 Billing {"error":{"message":"Your account is not active, please check your billing details on our website.","type":"invalid_request_error","code":"billing_not_active"}}
openai 403 Permission {"error":{"message":"Country, region, or territory not supported","type":"request_forbidden","code":"unsupported_country_region_territory","param":null}}
openai 403 ModelNotFound {"error":{"message":"Project `proj_1` does not have access to model `gpt-5`","type":"invalid_request_error","code":"model_not_found"}}
openai 403 Billing {"code":"The caller does not have permission","error":"You have run out of credits or need a Grok subscription."}
openai 402 Billing {"error":{"message":"Insufficient Balance","type":"unknown_error","param":null,"code":"invalid_request_error"}}
openai 404 ModelNotFound {"error":{"code":"DeploymentNotFound","message":"The API deployment for this resource does not exist."}}
openai 413 TooLarge {"error":{"message":"Request too large for model `x` on tokens per minute (TPM)","type":"tokens","code":"rate_limit_exceeded"}}
openai 409 Internal {"error":{"message":"lock","type":"invalid_request_error"}}
openai 410 ModelNotFound {"error":{"message":"retired","type":"invalid_request_error"}}
openai 412 Billing {"error":{"message":"Account acme is suspended, possibly due to reaching the monthly spending limit or failure to pay past invoices.","param":null,"code":"PRECONDITION_FAILED","type":"error"}}
openai 424 Internal {"error":{"message":"failed dependency"}}
openai 451 Permission {"error":{"message":"unavailable for legal reasons"}}
openai 498 Overloaded {"error":{"message":"Flex tier capacity exceeded","type":"invalid_request_error","code":"capacity_exceeded"}}
openai 498 Overloaded
openai 499 Internal {"error":{"message":"cancelled","type":"invalid_request_error"}}
openai 418 Internal {"error":{"message":"tea","type":"invalid_request_error"}}
openai 429 Permission {"error":{"message":"Your access was terminated due to violation of our policies","type":"access_terminated","param":null,"code":null}}
openai 429 Billing {"error":{"message":"You exceeded your current quota","type":"insufficient_quota","code":"insufficient_quota"}}
"#;

/// Under 400 and 422 the account is the operator's.
const ACCOUNT: &str = r#"
anthropic 400 Billing {"type":"error","error":{"type":"invalid_request_error","message":"You have reached your specified API usage limits. You will regain access on 2026-04-01 at 00:00 UTC."}}
anthropic 400 Billing {"type":"error","error":{"type":"invalid_request_error","message":"You have reached your specified workspace API usage limits."}}
anthropic 400 Billing {"type":"error","error":{"type":"invalid_request_error","message":"Claude AI usage limit reached|1751328000"}}
anthropic 400 Permission {"type":"error","error":{"type":"invalid_request_error","message":"Your access has been terminated."}}
openai 400 Permission {"error":{"message":"Your organization is not verified.","type":"invalid_request_error"}}
openai 400 Authentication {"error":{"message":"This API key has been revoked.","type":"invalid_request_error"}}
anthropic 400 Billing {"type":"error","error":{"type":"invalid_request_error","message":"You're out of extra usage. Add more at claude.ai/settings/usage and keep going."}}
anthropic 400 Billing {"type":"error","error":{"type":"invalid_request_error","message":"Third-party apps now draw from your extra usage, not your plan limits."}}
anthropic 400 Billing {"type":"error","error":{"type":"invalid_request_error","message":"Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing."}}
anthropic 400 Permission {"type":"error","error":{"type":"invalid_request_error","message":"This organization has been disabled."}}
anthropic 400 Permission {"type":"error","error":{"type":"invalid_request_error","message":"This credential is only authorized for use with Claude Code and cannot be used for other API requests."}}
openai 400 Permission {"error":{"message":"Your organization must be verified to stream this model. Please go to: https://platform.openai.com/settings/organization/general and click on Verify Organization.","type":"invalid_request_error","param":"stream","code":"unsupported_value"}}
openai 400 Billing {"error":{"code":"billing_hard_limit_reached","message":"Billing hard limit has been reached","param":null,"type":"invalid_request_error"}}
openai 400 Billing {"error":{"message":"Billing hard limit has been reached","type":"invalid_request_error"}}
openai 400 Permission {"error":{"message":"Organization has been restricted. Please reach out to support if you believe this was in error.","type":"invalid_request_error","code":"organization_restricted"}}
openai 400 Permission {"error":{"message":"API access is blocked","type":"invalid_request_error","code":"blocked_api_access"}}
openai 400 Authentication {"code":"Client specified an invalid argument","error":"Incorrect API key provided: xa***yz. You can obtain an API key from https://console.x.ai."}
gemini 400 Authentication {"error":{"code":400,"message":"API key expired. Please renew the API key.","status":"INVALID_ARGUMENT"}}
gemini 400 Authentication {"error":{"code":400,"message":"API Key not found. Please pass a valid API key.","status":"INVALID_ARGUMENT"}}
gemini 400 Permission {"error":{"code":400,"message":"User location is not supported for the API use.","status":"FAILED_PRECONDITION"}}
gemini 400 Billing {"error":{"code":400,"message":"Gemini API free tier is not available in your country. Please enable billing on your project.","status":"FAILED_PRECONDITION"}}
openai 400 ModelNotFound {"error":{"message":"foo/bar is not a valid model ID","code":400}}
openai 400 ModelNotFound {"error":{"message":"Model Not Exist","type":"invalid_request_error","param":null,"code":"invalid_request_error"}}
openai 400 ModelNotFound {"object":"error","message":"Invalid model: mistral-huge","type":"invalid_model","param":null,"code":"1500"}
openai 400 Internal {"error":{"message":"Failed to call a function. Please adjust your prompt.","type":"invalid_request_error","code":"tool_use_failed","failed_generation":"x"}}
"#;

/// What the app asked is the app's, even where it speaks of accounts.
const APPS: &str = r#"
anthropic 400 InvalidRequest {"type":"error","error":{"type":"invalid_request_error","message":"messages: roles must alternate between \"user\" and \"assistant\""}}
anthropic 400 InvalidRequest {"type":"error","error":{"type":"invalid_request_error","message":"tools.0.name: String should match pattern '^[a-z]+$', got 'credit balance is too low'"}}
openai 400 InvalidRequest {"error":{"message":"Invalid value: 'spend limit'. Supported values are: 'system' and 'user'.","type":"invalid_request_error","param":"messages[0].role","code":"invalid_value"}}
openai 400 InvalidRequest {"error":{"message":"The response was filtered due to the prompt triggering Azure OpenAI's content management policy.","type":null,"param":"prompt","code":"content_filter","status":400}}
openai 400 InvalidRequest {"error":{"message":"Unsupported value: 'temperature' does not support 0.2 with this model.","type":"invalid_request_error","param":"temperature","code":"unsupported_value"}}
openai 422 InvalidRequest {"detail":[{"type":"missing","loc":["body","messages"],"msg":"Field required"}]}
openai 400 ContextLength {"error":{"message":"This model's maximum context length is 8192 tokens. However, your messages resulted in 9000 tokens.","type":"invalid_request_error","param":"messages","code":"context_length_exceeded"}}
gemini 400 InvalidRequest {"error":{"code":400,"message":"Invalid JSON payload received. Unknown name \"out of credits\"","status":"INVALID_ARGUMENT"}}
"#;

/// Every row: a dialect, a status, what it is and a body.
fn rows() -> impl Iterator<Item = (&'static str, u16, &'static str, &'static str)> {
    [STATUS, ACCOUNT, APPS].into_iter().flat_map(str::lines).filter(|l| !l.is_empty()).map(|line| {
        let mut parts = line.splitn(4, ' ');
        let mut part = || parts.next().unwrap_or_default();
        (part(), part().parse().unwrap(), part(), part())
    })
}

#[test]
fn whose_fault_it_is() {
    for (dialect, status, kind, body) in rows() {
        let fault = (named(dialect).unwrap().provider.fault)(status, body.as_bytes());
        let found = (format!("{:?}", fault.kind), fault.status);
        assert_eq!(found, (kind.to_owned(), status), "{dialect} {status} {body}");
    }
}

/// Whatever an error is called, these say it themselves.
#[test]
fn no_word_of_any_dialect_outranks_a_status() {
    let bodies: Vec<&str> = rows().map(|(_, _, _, body)| body).collect();
    let operators = [K::Authentication, K::Permission, K::Billing, K::ModelNotFound, K::NotFound];
    for dialect in ["anthropic", "gemini", "openai"] {
        let read = named(dialect).unwrap().provider.fault;
        for body in &bodies {
            for status in [401, 402, 403, 404] {
                let fault = read(status, body.as_bytes());
                assert!(operators.contains(&fault.kind), "{dialect} {status} {body}: {fault:?}");
            }
            let fault = read(413, body.as_bytes());
            assert!(matches!(fault.kind, K::TooLarge | K::ContextLength), "{body}: {fault:?}");
            for status in (405..=499).filter(|status| *status != 422) {
                let fault = read(status, body.as_bytes());
                assert_ne!(fault.kind, K::InvalidRequest, "{dialect} {status} {body}");
            }
            for status in (300..400).chain(500..600) {
                let fault = read(status, body.as_bytes());
                assert_ne!(fault.kind, K::InvalidRequest, "{dialect} {status} {body}");
            }
        }
    }
}

#[test]
fn no_key_is_told() {
    let body = r#"{"error":{"code":403,"type":"x","message":"Consumer 'api_key:AIzaSyAbm-_oW12aAAxNc8FEEh-84QT7o-9r1Ak' has been suspended.","status":"PERMISSION_DENIED","param":"sk-proj-aB3dE6gH9jK2mN5pQ8sT1vW4yZ7"}}"#;
    for dialect in ["anthropic", "gemini", "openai"] {
        for status in [200, 400, 403, 500] {
            let fault = (named(dialect).unwrap().provider.fault)(status, body.as_bytes());
            let told = format!("{fault:?}");
            assert!(!told.contains("AIza") && !told.contains("aB3dE6"), "{dialect}: {told}");
            assert!(told.contains("Consumer 'api_key:[redacted]' has been"), "{dialect}: {told}");
        }
        let page = b"invalid key sk-proj-aB3dE6gH9jK2mN5pQ8sT1vW4yZ7";
        let fault = (named(dialect).unwrap().provider.fault)(400, page);
        assert!(!format!("{fault:?}").contains("aB3dE6"), "{dialect}: {fault:?}");
    }
}

#[test]
fn a_quotation_is_not_what_is_said() {
    assert_eq!(account("your 'out of credits' is 'no word"), None);
    assert_eq!(account("you're out of credits, aren't you"), Some(K::Billing));
    assert_eq!(account("`x` says out of credits"), Some(K::Billing));
}
