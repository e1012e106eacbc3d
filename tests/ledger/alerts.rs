//! Thresholds and alarms as they are written, and when an alert is told again.
use tradewind::credit::{AlertRule, Credits, Moment, Threshold, next_delivery};

#[test]
fn a_threshold_and_an_alarm_are_read_as_they_are_written() {
    for text in ["20%", "50", "0.5"] {
        let threshold: Threshold = text.parse().unwrap();
        assert_eq!(threshold.to_string(), text);
        for (state, below) in [("armed", false), ("below", true)] {
            let alarm: AlertRule = format!("{text} {state}").parse().unwrap();
            assert_eq!(alarm, AlertRule { threshold, below });
            assert_eq!(alarm.to_string(), format!("{text} {state}"));
        }
        assert_eq!(AlertRule::armed(threshold), AlertRule { threshold, below: false });
    }
    for text in ["", "%", "x", "20 %", "-1", "20% armed "] {
        let wrong = text.parse::<Threshold>().unwrap_err().to_string();
        assert!(wrong.starts_with("expected a share of the last purchase"), "{text}");
    }
    for text in ["20%", "20% ", "20% told", "x armed", "20%  below"] {
        assert!(text.parse::<AlertRule>().is_err(), "{text}");
    }
}

#[test]
fn a_share_is_of_the_last_purchase_and_an_amount_of_nothing() {
    let level = |text: &str| {
        let last: Credits = "200".parse().unwrap();
        text.parse::<Threshold>().unwrap().level(last).to_string()
    };
    assert_eq!((level("20%"), level("50")), ("40".to_owned(), "50".to_owned()));
}

#[test]
fn an_alert_that_is_not_taken_is_told_less_and_less_often_for_three_days() {
    const DAYS: u64 = 3 * 86_400_000;
    let now = Moment::of_millis(1_772_323_200_000);
    let later = |ms: u64| Moment::of_millis(now.millis() + ms);
    let hour = 3_600_000;
    for (attempts, ms) in
        [(0, 1_000), (1, 1_000), (2, 2_000), (3, 4_000), (12, 2_048_000), (13, hour), (90, hour)]
    {
        assert_eq!(next_delivery(now, attempts, now), Some(later(ms)), "{attempts}");
    }
    assert_eq!(next_delivery(now, 1, later(DAYS - 1)), Some(later(DAYS + 999)));
    assert_eq!(next_delivery(now, 1, later(DAYS)), None);
    assert_eq!(next_delivery(now, 1, later(DAYS + 1)), None);
}
