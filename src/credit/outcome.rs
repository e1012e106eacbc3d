//! Everything a ledger can answer, and what follows from each: the one table of it.

/// What became of one thing that a ledger was asked to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// The credits are set aside.
    Held,
    /// They were already, by the same request.
    HeldBefore,
    /// The id stands for a hold of another amount.
    HeldDifferently,
    /// The id stands for a hold that has ended.
    HoldEnded,
    /// There are not enough credits.
    Insufficient,
    /// A budget for a day or a month would be exceeded.
    BudgetExceeded,
    /// No such tenant: nobody has bought credits by that name.
    UnknownTenant,
    /// The true cost is charged and the rest is free again.
    Settled,
    /// It was already.
    SettledBefore,
    /// It is charged though its hold had expired.
    SettledLate,
    /// It is charged without a hold: the ledger was away when the request ran.
    SettledUnheld,
    /// It was settled already, with another amount.
    SettledDifferently,
    /// No such hold.
    UnknownHold,
    /// The hold was given back: there is nothing to charge against.
    HoldReleased,
    /// The hold is given back.
    Released,
    /// It was already.
    ReleasedBefore,
    /// The credits are bought.
    Purchased,
    /// They were already, by the same request.
    PurchasedBefore,
    /// The key stands for another purchase.
    PurchasedDifferently,
    /// The tenant's settings are changed.
    Configured,
    /// The amount is more than an account can hold.
    Overflow,
    /// What had expired is gone.
    Swept,
    /// The hold lives longer, or is held anew.
    Renewed,
    /// The account is changed by hand.
    Adjusted,
    /// It was already, by the same request.
    AdjustedBefore,
    /// The key stands for another adjustment.
    AdjustedDifferently,
    /// No such purchase.
    UnknownPurchase,
    /// So much is not left of it, or holds may need it.
    NotLeft,
    /// What a wrong clock did is undone, or would be.
    Repaired,
    /// No clock did anything wrong.
    NothingToRepair,
}

/// What follows from an outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Consequence {
    /// Its number in stored records: never reused.
    pub code: u16,
    /// Its name on the wire, in records and in counters.
    pub name: &'static str,
    /// Whether what was asked is so now.
    pub done: bool,
    /// The HTTP status that says it.
    pub status: u16,
}

impl Outcome {
    /// Every outcome.
    pub const ALL: [Self; 30] = [
        Self::Held,
        Self::HeldBefore,
        Self::HeldDifferently,
        Self::HoldEnded,
        Self::Insufficient,
        Self::BudgetExceeded,
        Self::UnknownTenant,
        Self::Settled,
        Self::SettledBefore,
        Self::SettledLate,
        Self::SettledUnheld,
        Self::SettledDifferently,
        Self::UnknownHold,
        Self::HoldReleased,
        Self::Released,
        Self::ReleasedBefore,
        Self::Purchased,
        Self::PurchasedBefore,
        Self::PurchasedDifferently,
        Self::Configured,
        Self::Overflow,
        Self::Swept,
        Self::Renewed,
        Self::Adjusted,
        Self::AdjustedBefore,
        Self::AdjustedDifferently,
        Self::UnknownPurchase,
        Self::NotLeft,
        Self::Repaired,
        Self::NothingToRepair,
    ];

    /// The outcome of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.consequence().name == name)
    }

    /// What follows.
    #[must_use]
    pub const fn consequence(self) -> Consequence {
        let (code, name, done, status) = match self {
            Self::Held => (1, "held", true, 201),
            Self::HeldBefore => (2, "held_before", true, 200),
            Self::HeldDifferently => (3, "held_differently", false, 409),
            Self::HoldEnded => (4, "hold_ended", false, 409),
            Self::Insufficient => (5, "insufficient", false, 402),
            Self::BudgetExceeded => (6, "budget_exceeded", false, 402),
            Self::UnknownTenant => (7, "unknown_tenant", false, 404),
            Self::Settled => (8, "settled", true, 200),
            Self::SettledBefore => (9, "settled_before", true, 200),
            Self::SettledLate => (10, "settled_late", true, 200),
            Self::SettledUnheld => (11, "settled_unheld", true, 200),
            Self::SettledDifferently => (12, "settled_differently", false, 409),
            Self::UnknownHold => (13, "unknown_hold", false, 404),
            Self::HoldReleased => (14, "hold_released", false, 409),
            Self::Released => (15, "released", true, 200),
            Self::ReleasedBefore => (16, "released_before", true, 200),
            Self::Purchased => (17, "purchased", true, 201),
            Self::PurchasedBefore => (18, "purchased_before", true, 200),
            Self::PurchasedDifferently => (19, "purchased_differently", false, 409),
            Self::Configured => (20, "configured", true, 200),
            Self::Overflow => (21, "overflow", false, 409),
            Self::Swept => (22, "swept", true, 200),
            Self::Renewed => (23, "renewed", true, 200),
            Self::Adjusted => (24, "adjusted", true, 201),
            Self::AdjustedBefore => (25, "adjusted_before", true, 200),
            Self::AdjustedDifferently => (26, "adjusted_differently", false, 409),
            Self::UnknownPurchase => (27, "unknown_purchase", false, 404),
            Self::NotLeft => (28, "not_left", false, 409),
            Self::Repaired => (40, "repaired", true, 200),
            Self::NothingToRepair => (41, "nothing_to_repair", true, 200),
        };
        Consequence { code, name, done, status }
    }
}
