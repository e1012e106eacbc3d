//! Shares: percentages with up to four digits after the point.
use super::section::shape::{Defaults, Kind, Read, Shape, Text};
use super::spot::Spot;
use super::words::shown;
use crate::credit::Share;

/// A share.
#[derive(Debug, Clone, Copy)]
pub(in super::super) enum Shares {
    /// Of which nothing is none.
    MoreThanNone,
    /// From none to all.
    Any,
}

impl Shares {
    const fn range(self) -> &'static str {
        match self {
            Self::MoreThanNone => "0.0001% to 100%",
            Self::Any => "0% to 100%",
        }
    }
}

impl Read for Shares {
    type Value = Share;

    fn read(&self, spot: &Spot<'_>) -> Option<Share> {
        let text = spot.text("a share such as `50%`")?;
        let share: Option<Share> = text.parse().ok();
        let share = share.filter(|own| matches!(self, Self::Any) || *own > Share::default());
        if share.is_none() {
            let range = self.range();
            spot.problem(format!("expected a share from {range}, found `{}`", shown(text)));
        }
        share
    }
}

impl Defaults for Shares {
    type Literal = Share;

    fn json(&self, literal: Share) -> String {
        format!("\"{literal}\"")
    }
}

impl Kind for Shares {
    fn shape(&self) -> Shape {
        Shape::Text(Text {
            what: "a share",
            pattern: r"^0*(100(\.0{1,4})?|[0-9]{1,2}(\.[0-9]{1,4})?)%$",
            unlike: match self {
                Self::MoreThanNone => r"^[0.]*%$",
                Self::Any => "",
            },
            range: self.range().to_owned(),
            example: "50%",
            ..Text::default()
        })
    }
}
