//! Which records a store has to load before commands are applied.
use std::collections::{BTreeMap, BTreeSet};

use super::Book;
use crate::credit::adjustment::{Adjust, Change};
use crate::credit::budget::{Labels, MeterKey};
use crate::credit::calendar::Moment;
use crate::credit::command::{Command, Settle, SettledPart};

/// The keys of the records that a book needs before it applies some commands.
///
/// A store loads these where it has them, and of each account every lot with something left and
/// every hold that is due. A meter that does not exist counts nothing.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    pub tenants: BTreeSet<String>,
    /// Holds by tenant and id.
    pub holds: BTreeSet<(String, String)>,
    /// Draws by tenant, hold id and own id.
    pub draws: BTreeSet<(String, String, String)>,
    /// Purchases by tenant and key.
    pub purchases: BTreeSet<(String, String)>,
    /// Adjustments by tenant and key.
    pub adjustments: BTreeSet<(String, String)>,
    /// Tenants to repair: of these the lots that expired before their time, and the holds that end
    /// more than a day from now.
    pub repairs: BTreeSet<String>,
}

impl Wanted {
    /// The records that these commands need.
    #[must_use]
    pub fn by(commands: &[Command]) -> Self {
        let mut wanted = Self::default();
        for command in commands {
            match command {
                Command::Hold(new) => {
                    wanted.tenants.insert(new.tenant.clone());
                    wanted.holds.insert((new.tenant.clone(), new.hold_id.clone()));
                }
                Command::Settle(settle) => {
                    let Settle { tenant, hold_id, .. } = settle;
                    wanted.tenants.insert(tenant.clone());
                    wanted.holds.insert((tenant.clone(), hold_id.clone()));
                    if let Some((id, _)) = &settle.draw {
                        wanted.draws.insert((tenant.clone(), hold_id.clone(), id.clone()));
                    }
                }
                Command::Release(release) => {
                    wanted.tenants.insert(release.tenant.clone());
                    wanted.holds.insert((release.tenant.clone(), release.hold_id.clone()));
                }
                Command::Renew(renew) => {
                    wanted.tenants.insert(renew.tenant.clone());
                    wanted.holds.insert((renew.tenant.clone(), renew.hold_id.clone()));
                }
                Command::Buy(buy) => {
                    wanted.tenants.insert(buy.tenant.clone());
                    wanted.purchases.insert((buy.tenant.clone(), buy.key.clone()));
                }
                Command::Adjust(adjust) => {
                    let Adjust { tenant, key, change, .. } = adjust;
                    wanted.tenants.insert(tenant.clone());
                    wanted.adjustments.insert((tenant.clone(), key.clone()));
                    if let Change::Refund { purchase, .. } = change {
                        wanted.purchases.insert((tenant.clone(), purchase.clone()));
                    }
                }
                Command::Configure(configure) => {
                    wanted.tenants.insert(configure.tenant.clone());
                }
                Command::Sweep(sweep) => {
                    wanted.tenants.insert(sweep.tenant.clone());
                }
                Command::Repair(repair) => {
                    wanted.tenants.insert(repair.tenant.clone());
                    wanted.repairs.insert(repair.tenant.clone());
                }
                Command::SetTiers(_) => {}
            }
        }
        wanted
    }
}

impl Book {
    /// The meters that these commands may change, once all other records are loaded.
    #[must_use]
    pub fn meters_wanted(&self, commands: &[Command], now: Moment) -> BTreeSet<MeterKey> {
        let mut wanted = BTreeSet::new();
        for hold in self.holds.values() {
            wanted.extend(MeterKey::every(&hold.tenant, hold.labels(), hold.made));
        }
        // Holds that the commands themselves may make: by tenant and id, and for whom.
        let mut made: BTreeMap<(&str, &str), Vec<Labels<'_>>> = BTreeMap::new();
        for command in commands {
            if let Command::Hold(new) = command {
                let now = self.now_of(&new.tenant, now);
                wanted.extend(MeterKey::every(&new.tenant, new.labels(), now));
                made.entry((&new.tenant, &new.hold_id)).or_default().push(new.labels());
            }
            if let Command::Settle(settle) = command
                && settle.unheld
            {
                let key = (settle.tenant.as_str(), settle.hold_id.as_str());
                made.entry(key).or_default().push(settle.labels(None));
            }
        }
        for command in commands {
            let Command::Settle(settle) = command else { continue };
            let (tenant, id) = (settle.tenant.as_str(), settle.hold_id.as_str());
            let known = self.hold_of(tenant, id).map(|hold| (hold.labels(), hold.made));
            let made = made.get(&(tenant, id)).into_iter().flatten();
            let made = made.map(|labels| (*labels, self.now_of(tenant, now)));
            for (labels, at) in known.into_iter().chain(made) {
                wanted.extend(MeterKey::every(tenant, settle.labels(Some(labels)), at));
                let model =
                    |part: &SettledPart| MeterKey::model(tenant, part.details.model.as_deref(), at);
                wanted.extend(settle.parts.iter().map(model));
            }
        }
        wanted
    }

    /// The account's time: `now`, or the latest time that it has seen.
    fn now_of(&self, tenant: &str, now: Moment) -> Moment {
        self.accounts.get(tenant).map_or(now, |account| account.latest_at.max(now))
    }
}
