//! Calendar days, for the expiry of suppressions.

use std::fmt;

/// Seconds of a day.
const DAY: u64 = 86_400;

/// A day of the Gregorian calendar.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Day {
    /// Year.
    pub year: u16,
    /// Month, from 1.
    pub month: u8,
    /// Day of the month, from 1.
    pub day: u8,
}

impl Day {
    /// The day in UTC, from seconds since 1970.
    #[must_use]
    pub fn of_seconds(seconds: u64) -> Self {
        let mut days = seconds / DAY;
        let (mut year, mut month) = (1970_u16, 1_u8);
        while days >= length_of_year(year) {
            days -= length_of_year(year);
            year = year.saturating_add(1);
        }
        while days >= length_of_month(year, month) {
            days -= length_of_month(year, month);
            month += 1;
        }
        Self { year, month, day: u8::try_from(days + 1).unwrap_or(u8::MAX) }
    }
}

const fn is_leap(year: u16) -> bool {
    year.is_multiple_of(4) && !year.is_multiple_of(100) || year.is_multiple_of(400)
}

const fn length_of_year(year: u16) -> u64 {
    if is_leap(year) { 366 } else { 365 }
}

const fn length_of_month(year: u16, month: u8) -> u64 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// As in ISO 8601.
impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

#[cfg(test)]
mod tests {
    use super::Day;

    #[test]
    fn seconds_become_days() {
        let cases = [
            (0, "1970-01-01"),
            (951_782_399, "2000-02-28"),
            (951_782_400, "2000-02-29"),
            (1_767_225_599, "2025-12-31"),
            (1_795_255_200, "2026-11-21"),
            (4_107_542_400, "2100-03-01"),
        ];
        for (seconds, day) in cases {
            assert_eq!(Day::of_seconds(seconds).to_string(), day);
        }
    }
}
