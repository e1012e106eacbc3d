//! YAML as JSON, case by case, and what is no YAML of ours.
use super::{Most, parse, parse_within};
use crate::policy::Content;

const CASES: &[(&str, &str)] = &[
    ("a: b", r#"{"a":"b"}"#),
    ("[~, null, Null, NULL]", "[null,null,null,null]"),
    ("[nULL, nil]", r#"["nULL","nil"]"#),
    ("[true, True, TRUE, false, False, FALSE]", "[true,true,true,false,false,false]"),
    ("[yes, no, on, off, y, n, tRUE]", r#"["yes","no","on","off","y","n","tRUE"]"#),
    ("[0, 7, -7, +7, 007, -0]", "[0,7,-7,7,7,-0]"),
    ("[0x1F, 0o17, 0xG, 0o8, 0x, -0x1]", r#"[31,15,"0xG","0o8","0x","-0x1"]"#),
    ("[1.5, 1., .5, -0.5, 1e3, 1E+3, 1.5e-3, 00.5]", "[1.5,1.0,0.5,-0.5,1e3,1e+3,1.5e-3,0.5]"),
    (
        "[., e3, 1e, 1.2.3, 1_000, --1, +, 12:30]",
        r#"[".","e3","1e","1.2.3","1_000","--1","+","12:30"]"#,
    ),
    ("[2027-03-01, 20s, 4MiB]", r#"["2027-03-01","20s","4MiB"]"#),
    ("['1', \"true\", '~', \"\"]", r#"["1","true","~",""]"#),
    ("[!!str 1, !!int 0x1, ! 1]", r#"["1",1,"1"]"#),
    ("\"\\u00e9\\n\\x41\": 'it''s'", "{\"é\\nA\":\"it's\"}"),
    ("1: a\ntrue: b\n~: c", r#"{"1":"a","true":"b","~":"c"}"#),
    ("a:\nb:", r#"{"a":null,"b":null}"#),
    ("a: 1\na: 2", r#"{"a":1,"a":2}"#),
    (
        "a: &x {b: [1]}\nc: *x\nd: [*x, *x]",
        r#"{"a":{"b":[1]},"c":{"b":[1]},"d":[{"b":[1]},{"b":[1]}]}"#,
    ),
    ("&k a: 1\nb: *k", r#"{"a":1,"b":"a"}"#),
    ("a: |\n  one\n  two\nb: >-\n  one\n  two", r#"{"a":"one\ntwo\n","b":"one two"}"#),
    ("- a\n-\n  - b\n- c: d # said\n  e: f", r#"["a",["b"],{"c":"d","e":"f"}]"#),
    ("%YAML 1.2\n---\na: 1\n...\n", r#"{"a":1}"#),
    ("a: 1\r\nb: 2\r\n", r#"{"a":1,"b":2}"#),
];

#[test]
fn yaml_means_what_the_core_schema_says() {
    for (yaml, json) in CASES {
        let node = parse(yaml).unwrap_or_else(|problem| panic!("{yaml}: {problem}"));
        assert_eq!(node.to_json(), *json, "{yaml}");
    }
}

#[test]
fn what_is_refused_has_a_line() {
    let cases = [
        ("a: 1\nb: !mine x", 2, "tag"),
        ("a: 1\nb: !!bool 1", 2, "no `!!bool`"),
        ("a: .nan", 1, "finite"),
        ("a: 1\nb:\n\t- c", 3, "tab"),
        ("a: 1\n--- b\n", 2, "second document"),
        ("a: *b", 1, "unknown anchor"),
        ("a: \"b\nc: d\n", 1, "quoted"),
        ("a: &a\n  - *a", 2, "inside what it repeats"),
        ("a: 1\n{b: 1}: 2", 2, "expected a name"),
        ("", 1, "empty"),
        ("---\n...\n", 0, ""),
    ];
    for (yaml, line, part) in cases {
        let Err(problem) = parse(yaml) else {
            assert_eq!(line, 0, "{yaml:?} was read");
            continue;
        };
        assert!(problem.message.contains(part), "{yaml:?}: {problem}");
        assert_eq!(problem.line, line, "{yaml:?}: {problem}");
    }
}

#[test]
fn values_know_their_lines_and_columns() {
    let node = parse("# a comment\na:\n  - b: 1\n    c: two\n").unwrap();
    let Content::Object(members) = &node.content else { panic!("no object") };
    assert_eq!((members[0].line, members[0].value.line), (2, 3));
    let Content::List(items) = &members[0].value.content else { panic!("no list") };
    let Content::Object(fields) = &items[0].content else { panic!("no object") };
    let places: Vec<_> =
        fields.iter().map(|field| (field.line, field.value.line, field.value.column)).collect();
    assert_eq!(places, [(3, 3, 8), (4, 4, 8)]);
}

#[test]
fn aliases_cannot_grow_without_bound() {
    let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..30 {
        let below = format!("*a{}, ", level - 1).repeat(10);
        bomb += &format!("a{level}: &a{level} [{below}]\n");
    }
    assert!(parse(&bomb).unwrap_err().message.contains("values"));
    let deep = (1..100).fold("a0: &a0 [x]\n".to_owned(), |text, level| {
        text + &format!("a{level}: &a{level} [*a{}]\n", level - 1)
    });
    assert!(parse(&deep).unwrap_err().message.contains("inside one another"));
    let nested = format!("{}{}", "[".repeat(100), "]".repeat(100));
    let refused = parse(&nested).unwrap_err();
    assert!(refused.message.contains("inside one another"), "{refused}");
    assert!(parse(&"[".repeat(100_000)).is_err());
}

#[test]
fn what_is_too_much_is_named_by_its_place_with_what_to_do() {
    let most = Most { values: 8, advice: ": put the cases into several files" };
    let cases = "- a: 1\n  b: [x]\n- a: 2\n- c: 3\n";
    assert_eq!(parse_within("- a: 1\n  b: [x]\n", most).map(|own| own.line), Ok(1));
    let problem = parse_within(cases, most).unwrap_err();
    let said = "more than 8 values, those that aliases repeat included: put the cases into \
                several files";
    assert_eq!((problem.line, &*problem.path, &*problem.message), (3, "[1]", said));
    let many = format!("[{}]", "x,".repeat(Most::POLICY.values));
    assert!(parse(&many).is_err() && parse_within(&many, Most::CASES).is_ok());
}
