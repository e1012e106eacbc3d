//! Bodies, before and after their edits.
use crate::dialect::format::chat_completions::edits::edits;
use crate::dialect::format::chat_completions::read::read;
use crate::dialect::splice;
use crate::json::{Document, Limits};

#[test]
fn a_body_changes_in_these_places_only() {
    const USAGE: &str = r#""stream_options":{"include_usage":true},"#;
    let list = r#""messages":[{"role":"user","content":"\u0041"}]"#;
    // What stands beside the messages, before and after; `M` is the new model.
    let cases = [
        (r#" "model" : "old" , "#, r#" "model" : "M" , "#.to_owned()),
        (
            r#""model":"old","x":{"model":1},"mod\u0065l":"b","#,
            r#""model":"M","x":{"model":1},"mod\u0065l":"M","#.to_owned(),
        ),
        (r#""stream":false,"model":"old","#, r#""stream":false,"model":"M","#.to_owned()),
        (r#""stream":true,"model":"old","#, format!(r#"{USAGE}"stream":true,"model":"M","#)),
        (
            r#""stream":true,"model":"old","stream_options":{"include_usage":true},"#,
            r#""stream":true,"model":"M","stream_options":{"include_usage":true},"#.to_owned(),
        ),
        (
            r#""stream_options":null,"stream":true,"model":"old","#,
            format!(r#"{USAGE}"stream":true,"model":"M","#),
        ),
        (
            r#""stream_options":{ },"model":"old","stream":true,"#,
            format!(r#"{USAGE}"model":"M","stream":true,"#),
        ),
        (
            r#""stream_options":{ "other":1},"model":"old","stream":true,"#,
            r#""stream_options":{"include_usage":true, "other":1},"model":"M","stream":true,"#
                .to_owned(),
        ),
        (
            r#""stream_options":{"include_usage":true},"model":"a","stream":true,"model":"b","stream_options":{"include_usage":null,"include_usage":false},"#,
            format!(
                r#"{USAGE}"model":"M","stream":true,"model":"M","stream_options":{{"include_usage":true,"include_usage":true}},"#
            ),
        ),
    ];
    for (before, after) in cases {
        let body = format!("{{{before}{list}}}");
        let document = Document::parse(body.as_bytes(), Limits::default()).unwrap();
        let ask = read(&document).expect(&body);
        let edited = splice(body.as_bytes(), &edits(&document, &ask), "\"M\"", None).unwrap();
        let edited = String::from_utf8(edited).unwrap();
        assert_eq!(edited, format!("{{{after}{list}}}"));
        let document = Document::parse(edited.as_bytes(), Limits::default()).unwrap();
        let again = read(&document).unwrap();
        assert_eq!((&*again.model, again.stream_usage), ("M", ask.stream), "{edited}");
    }
}
