//! An object that is read field by field.
use super::super::document::{Content, Member, Node};
use super::super::nearest::nearest;
use super::section::shape::Read;
use super::section::{Field, Nested, Optional, Presence, ReadAs, Section};
use super::spot::Spot;
use super::words::unknown;

/// What a section says that is left out.
static EMPTY: Node = Node { content: Content::Object(Vec::new()), line: 0, column: 0 };

/// An object being read: asking for a field makes it known.
#[derive(Debug)]
pub(in super::super) struct Object<'n> {
    spot: Spot<'n>,
    members: Vec<&'n Member>,
    known: Vec<&'static str>,
    missing: Vec<&'static str>,
}

impl<'n> Spot<'n> {
    /// An object of known fields.
    pub(in super::super) fn object(&self, section: &Section) -> Option<Object<'n>> {
        self.fields(section.what)
    }

    /// The same, with words of its own for what was expected.
    pub(in super::super) fn fields(&self, what: &str) -> Option<Object<'n>> {
        let Content::Object(members) = &self.node.content else {
            self.expected(what);
            return None;
        };
        let members = self.unique(members).collect();
        Some(Object { spot: self.clone(), members, known: Vec::new(), missing: Vec::new() })
    }
}

impl<'n> Object<'n> {
    /// A field's value, or what holds without it; `None` when something is wrong, which has been
    /// reported.
    pub(in super::super) fn read<K: Read, N: ReadAs<K::Value>>(
        &mut self,
        field: &Field<K, N>,
    ) -> Option<N::Out> {
        self.read_with(field, |spot| field.kind.read(spot))
    }

    /// The same of a field that is read together with what its section knows.
    pub(in super::super) fn read_with<K, N: ReadAs<V>, V>(
        &mut self,
        field: &Field<K, N>,
        read: impl FnOnce(&Spot<'n>) -> Option<V>,
    ) -> Option<N::Out> {
        match self.spot(field) {
            Some(spot) => read(&spot).map(N::given),
            None => field.presence.absent(),
        }
    }

    /// A field's place; `None` where the field is left out, which is reported where it must not be.
    pub(in super::super) fn spot<K, N: Presence>(
        &mut self,
        field: &Field<K, N>,
    ) -> Option<Spot<'n>> {
        self.look(field.key, N::REQUIRED)
    }

    /// The fields of a section within this one; where it is left out, so is each of its fields.
    pub(in super::super) fn section(&mut self, field: &Optional<Nested>) -> Option<Object<'n>> {
        let spot = self.spot(field);
        let spot = spot.unwrap_or_else(|| self.spot.instead(&EMPTY));
        spot.object(field.kind.0)
    }

    /// The place of a field that has been asked for already; that of the object where it is left
    /// out.
    pub(in super::super) fn place<K, N>(&self, field: &Field<K, N>) -> Spot<'n> {
        self.member(field.key).unwrap_or_else(|| self.spot.clone())
    }

    /// The place of a field by its name, which is known from here on.
    pub(in super::super) fn find(&mut self, key: &'static str) -> Option<Spot<'n>> {
        self.look(key, false)
    }

    /// Once for all kinds of fields, so that the module stays small.
    #[inline(never)]
    fn look(&mut self, key: &'static str, required: bool) -> Option<Spot<'n>> {
        self.known.push(key);
        let found = self.member(key);
        if found.is_none() && required {
            self.missing.push(key);
        }
        found
    }

    /// Here a field has to be there that elsewhere may be left out.
    pub(in super::super) fn needs<K, N>(&mut self, field: &Field<K, N>) {
        if !self.has(field) {
            self.missing.push(field.key);
        }
    }

    /// Whether a field is there, which is read later.
    pub(in super::super) fn has<K, N>(&self, field: &Field<K, N>) -> bool {
        self.member(field.key).is_some()
    }

    fn member(&self, key: &str) -> Option<Spot<'n>> {
        let member = self.members.iter().find(|member| member.key == key)?;
        Some(self.spot.member(member))
    }

    /// Whether no field is there at all.
    pub(in super::super) fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// Reports the fields that nobody asked for and those that were asked for in vain; a missing
    /// field that an unknown one seems to mean is not reported twice.
    pub(in super::super) fn finish(mut self) {
        for member in self.members.iter().filter(|own| !self.known.contains(&own.key.as_str())) {
            let spot = self.spot.member(member);
            spot.problem(unknown("field", &member.key, &self.known));
            if let Some(meant) = nearest(&member.key, self.known.iter().copied()).first() {
                self.missing.retain(|key| key != meant);
            }
        }
        for key in self.missing {
            self.spot.problem(format!("missing field `{key}`"));
        }
    }
}
