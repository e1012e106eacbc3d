//! Everything that can become of a command, and what follows from it, in one table.

/// What became of a command to a ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// The credits are set aside.
    Held,
    /// The same hold was made before, and is still open.
    HeldBefore,
    /// The id belongs to a hold of another amount.
    HeldDifferently,
    /// The id belongs to a hold that was settled, given back or has expired.
    HoldEnded,
    /// The balance and the overdraft do not cover the hold.
    Insufficient,
    /// A budget for a day or a month would be exceeded.
    BudgetExceeded,
    /// The tenant does not exist: nobody has bought credits for it or given it settings.
    UnknownTenant,
    /// The true cost is charged, and the rest of the hold is available again.
    Settled,
    /// The same settlement was charged before.
    SettledBefore,
    /// The cost is charged, though the hold had expired.
    SettledLate,
    /// The cost is charged without a hold: the ledger was away when the request ran.
    SettledUnheld,
    /// The hold, or the draw, was settled before with another amount.
    SettledDifferently,
    /// The tenant has no hold of that id.
    UnknownHold,
    /// The hold was given back before: nothing can be charged to it.
    HoldReleased,
    /// The hold is given back.
    Released,
    /// The hold was given back before.
    ReleasedBefore,
    /// The credits are bought.
    Purchased,
    /// The same purchase was made before.
    PurchasedBefore,
    /// The idempotency key belongs to another purchase.
    PurchasedDifferently,
    /// The tenant's settings are changed.
    Configured,
    /// The sum would be more than an account can hold.
    Overflow,
    /// What was due has expired.
    Swept,
    /// The hold expires later now, or is open again.
    Renewed,
    /// The account is changed by hand.
    Adjusted,
    /// The same adjustment was made before.
    AdjustedBefore,
    /// The idempotency key belongs to another adjustment.
    AdjustedDifferently,
    /// The tenant has made no purchase with that key.
    UnknownPurchase,
    /// Less than that is left of the purchase or the lot, or holds may need it.
    NotLeft,
    /// What a clock that was ahead did is undone, or would be by a repair that is applied.
    Repaired,
    /// No clock that was ahead has changed the account.
    NothingToRepair,
}

/// What follows from an outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Consequence {
    /// Its name on the wire and in counters.
    pub name: &'static str,
    /// Whether what the command asked for holds now.
    pub done: bool,
    /// The HTTP status of the ledger's answer.
    pub status: u16,
}

impl Outcome {
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

    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.consequence().name == name)
    }

    #[must_use]
    pub const fn consequence(self) -> Consequence {
        let (name, done, status) = match self {
            Self::Held => ("held", true, 201),
            Self::HeldBefore => ("held_before", true, 200),
            Self::HeldDifferently => ("held_differently", false, 409),
            Self::HoldEnded => ("hold_ended", false, 409),
            Self::Insufficient => ("insufficient", false, 402),
            Self::BudgetExceeded => ("budget_exceeded", false, 402),
            Self::UnknownTenant => ("unknown_tenant", false, 404),
            Self::Settled => ("settled", true, 200),
            Self::SettledBefore => ("settled_before", true, 200),
            Self::SettledLate => ("settled_late", true, 200),
            Self::SettledUnheld => ("settled_unheld", true, 200),
            Self::SettledDifferently => ("settled_differently", false, 409),
            Self::UnknownHold => ("unknown_hold", false, 404),
            Self::HoldReleased => ("hold_released", false, 409),
            Self::Released => ("released", true, 200),
            Self::ReleasedBefore => ("released_before", true, 200),
            Self::Purchased => ("purchased", true, 201),
            Self::PurchasedBefore => ("purchased_before", true, 200),
            Self::PurchasedDifferently => ("purchased_differently", false, 409),
            Self::Configured => ("configured", true, 200),
            Self::Overflow => ("overflow", false, 409),
            Self::Swept => ("swept", true, 200),
            Self::Renewed => ("renewed", true, 200),
            Self::Adjusted => ("adjusted", true, 201),
            Self::AdjustedBefore => ("adjusted_before", true, 200),
            Self::AdjustedDifferently => ("adjusted_differently", false, 409),
            Self::UnknownPurchase => ("unknown_purchase", false, 404),
            Self::NotLeft => ("not_left", false, 409),
            Self::Repaired => ("repaired", true, 200),
            Self::NothingToRepair => ("nothing_to_repair", true, 200),
        };
        Consequence { name, done, status }
    }
}
