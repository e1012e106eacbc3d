//! What the answers of all legs but the last are judged by.
use std::borrow::Cow;

use crate::decide::{Calls, Expected};
use crate::layout::{Reader, Writer};
use crate::policy;

/// What an answer is judged by before the app sees any of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Acceptance<'p> {
    /// The rules that it has to keep.
    pub rules: Cow<'p, policy::Acceptance>,
    /// The functions that there are, each with the schema of its arguments.
    pub tools: Vec<(Cow<'p, str>, Option<Cow<'p, str>>)>,
    /// Whether there are others.
    pub other_tools: bool,
    /// The schema of its text; `None` where that may be anything.
    pub text: Option<Cow<'p, str>>,
    /// Which functions it may call, and must.
    pub calls: Cow<'p, Calls>,
    /// Whether it may call one at most.
    pub only_one: bool,
}

impl<'p> Acceptance<'p> {
    /// What a decision expects of an answer, by these rules.
    #[must_use]
    pub fn of(rules: &'p policy::Acceptance, expected: &'p Expected) -> Self {
        let tools = expected.tools.iter();
        let tools = tools.map(|(name, schema)| (name.into(), schema.as_deref().map(Cow::from)));
        Self {
            rules: Cow::Borrowed(rules),
            tools: tools.collect(),
            other_tools: expected.other_tools,
            text: expected.text.as_deref().map(Cow::from),
            calls: Cow::Borrowed(&expected.calls),
            only_one: expected.only_one,
        }
    }

    pub(super) fn write(&self, out: &mut Writer) {
        let rules = &*self.rules;
        for flag in [rules.finish, rules.refusal, rules.empty, rules.schema_valid] {
            out.flag(flag);
        }
        out.flag(rules.tools_valid);
        out.list(&rules.hedging, |out, phrase| out.text(phrase));
        out.option(rules.min_chars, Writer::number);
        out.option(rules.max_chars, Writer::number);
        out.option(rules.agree.as_ref(), |out, [first, second]| {
            out.text(first);
            out.text(second);
        });
        out.list(&self.tools, |out, (name, schema)| {
            out.text(name);
            out.option(schema.as_deref(), Writer::text);
        });
        out.flag(self.other_tools);
        out.option(self.text.as_deref(), Writer::text);
        let (must, of) = match &*self.calls {
            Calls::Free => (None, None),
            Calls::None => (Some(false), None),
            Calls::Some => (Some(true), None),
            Calls::Of(name) => (Some(true), Some(name)),
        };
        out.option(must, Writer::flag);
        out.option(of, |out, name| out.text(name));
        out.flag(self.only_one);
    }

    pub(super) fn read(fields: &mut Reader<'p>) -> Option<Self> {
        let rules = policy::Acceptance {
            finish: fields.flag()?,
            refusal: fields.flag()?,
            empty: fields.flag()?,
            schema_valid: fields.flag()?,
            tools_valid: fields.flag()?,
            hedging: fields.list(|fields| fields.text().map(str::to_owned))?,
            min_chars: fields.option(Reader::number)?,
            max_chars: fields.option(Reader::number)?,
            agree: fields
                .option(|fields| Some([fields.text()?, fields.text()?].map(str::to_owned)))?,
        };
        let tool = |fields: &mut Reader<'p>| {
            Some((fields.text()?.into(), fields.option(Reader::text)?.map(Cow::from)))
        };
        Some(Self {
            rules: Cow::Owned(rules),
            tools: fields.list(tool)?,
            other_tools: fields.flag()?,
            text: fields.option(Reader::text)?.map(Cow::from),
            calls: {
                let must = fields.option(Reader::flag)?;
                let of = fields.option(Reader::text)?.map(str::to_owned);
                Cow::Owned(match (must, of) {
                    (None, _) => Calls::Free,
                    (Some(false), _) => Calls::None,
                    (Some(true), None) => Calls::Some,
                    (Some(true), Some(name)) => Calls::Of(name),
                })
            },
            only_one: fields.flag()?,
        })
    }
}
