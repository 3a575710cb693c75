/** A date in ISO 8601's extended format, optionally with a time of day and a zone; their colons are optional. */
const ISO_8601 =
  /^(\d{4})-(\d{2})-(\d{2})(?:T(\d{2}):?(\d{2})(?::?(\d{2})(?:[.,](\d+))?)?(?:Z|[+-](\d{2})(?::?(\d{2}))?)?)?$/;

/**
 * Whether a text is a date, with or without a time of day, as PagerDuty documents it: `2011-05-06`, `2011-05-06T17:00Z`,
 * `2011-05-06T03:30-07`, `2015-07-17T08:42:58.315+0000` (PagerDuty, REST API "Types": DateTime).
 */
export function isTimestamp(text: string): boolean {
  const parts = ISO_8601.exec(text);
  if (parts === null) return false;
  const numbers = parts.slice(1).map((part: string | undefined) => Number(part ?? 0));
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, fraction = 0] = numbers;
  const [zoneHour = 0, zoneMinute = 0] = numbers.slice(7);
  // Day 0 of the next month is the last one of this month.
  const days = new Date(Date.UTC(2000 + (year % 400), month, 0)).getUTCDate();
  const isTime = hour < 24 || (hour === 24 && minute === 0 && second === 0 && fraction === 0);
  return (
    month >= 1 &&
    month <= 12 &&
    day >= 1 &&
    day <= days &&
    isTime &&
    minute < 60 &&
    second <= 60 &&
    zoneHour < 24 &&
    zoneMinute < 60
  );
}
