//! A tenant's settings change.
use super::Book;
use crate::credit::alert::Alarm;
use crate::credit::calendar::Moment;
use crate::credit::command::{Answer, Configure};
use crate::credit::outcome::Outcome;

impl Book {
    pub(super) fn configure(&mut self, configure: &Configure, now: Moment) -> Answer {
        let now = self.arrive(&configure.tenant, now).unwrap_or(now);
        let account = self.begin(&configure.tenant);
        account.mark = account.mark.max(now);
        if let Some(overdraft) = configure.overdraft {
            account.overdraft = overdraft;
        }
        if let Some(budgets) = &configure.budgets {
            account.budgets.clone_from(budgets);
        }
        if let Some(webhook) = &configure.webhook {
            account.webhook.clone_from(webhook);
        }
        if let Some(thresholds) = &configure.alerts {
            let mut alarms: Vec<Alarm> = Vec::new();
            for threshold in thresholds {
                // One that was told already is not told again because another one was added.
                let same = |alarm: &&Alarm| alarm.threshold == *threshold;
                let old = account.alarms.iter().find(same).copied();
                if !alarms.iter().any(|alarm| alarm.threshold == *threshold) {
                    alarms.push(old.unwrap_or(Alarm::armed(*threshold)));
                }
            }
            account.alarms = alarms;
        }
        self.dirty.account(&configure.tenant);
        self.alarm(&configure.tenant);
        self.answer(Outcome::Configured, &configure.tenant)
    }
}
