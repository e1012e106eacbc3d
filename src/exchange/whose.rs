//! Whose a request is that the gateway asks itself, as JSON: what it may ask for was asked of the
//! app's own request.
use crate::json::{Value, Writer};
use crate::policy::{Tags, Tenant};

/// Writes it as members of an object.
pub(super) fn write(json: &mut Writer, tenant: &Tenant) {
    let Tenant { tenant, user, key, labels, require, models: _ } = tenant;
    json.key("tenant").string(tenant);
    for (name, value) in [("user", user), ("key", key)] {
        value.iter().for_each(|value| json.key(name).string(value));
    }
    for (name, tags) in [("labels", labels), ("require", require)] {
        json.key(name).object(|json| {
            tags.iter().for_each(|(name, value)| json.key(name).string(value));
        });
    }
}

/// Reads it; `None` for what nobody wrote with [`write`].
pub(super) fn read(root: Value<'_>) -> Option<Tenant> {
    let text = |name: &str| root.str_of(name).map(|text| text.into_owned());
    Some(Tenant {
        tenant: text("tenant")?,
        user: text("user"),
        key: text("key"),
        labels: tags(root.get("labels")?),
        models: None,
        require: tags(root.get("require")?),
    })
}

fn tags(value: Value<'_>) -> Tags {
    let pairs = value.members();
    let pairs =
        pairs.filter_map(|(name, value)| Some((name.into_owned(), value.as_str()?.into_owned())));
    Tags::from(pairs.collect::<Vec<_>>())
}
