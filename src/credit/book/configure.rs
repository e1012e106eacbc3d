//! `configure`: a tenant's settings change.
use super::Book;
use crate::credit::alert::AlertRule;
use crate::credit::calendar::Moment;
use crate::credit::command::{Answer, Configure};
use crate::credit::outcome::Outcome;

impl Book {
    pub(super) fn configure(&mut self, configure: &Configure, now: Moment) -> Answer {
        let now = self.bring_up_to_date(&configure.tenant, now).unwrap_or(now);
        let account = self.account_or_open(&configure.tenant);
        account.latest_at = account.latest_at.max(now);
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
            let mut rules: Vec<AlertRule> = Vec::new();
            for threshold in thresholds {
                // A rule keeps its state: it raises no second alert because another rule was added.
                let same = |rule: &&AlertRule| rule.threshold == *threshold;
                let old = account.alert_rules.iter().find(same).copied();
                if !rules.iter().any(|rule| rule.threshold == *threshold) {
                    rules.push(old.unwrap_or(AlertRule::armed(*threshold)));
                }
            }
            account.alert_rules = rules;
        }
        self.unsaved.account(&configure.tenant);
        self.raise_alerts(&configure.tenant);
        self.answer(Outcome::Configured, &configure.tenant)
    }
}
