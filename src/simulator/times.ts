const UTC_TIME = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d{3})?Z$/;
const ZONED_TIME = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)[+-](\d\d):(\d\d)$/;

/** Whether a text is an instant in UTC as `Request-Time` wants it: `2026-11-22T10:00:00Z`, or with milliseconds. */
export function isUtcTime(text: string): boolean {
  return isWallClock(UTC_TIME.exec(text)?.[1]);
}

/** Whether a text is a time as `paymentTime` wants it: to the second, with a numeric offset, never `Z`. */
export function isZonedTime(text: string): boolean {
  const [, wallClock, hours, minutes] = ZONED_TIME.exec(text) ?? [];
  return isWallClock(wallClock) && Number(hours) <= 14 && Number(minutes) < 60;
}

/** Whether the calendar has such a day and the clock such a time: 30 February and 24:00 are none. */
function isWallClock(text: string | undefined): boolean {
  if (text === undefined) return false;
  const instant = Date.parse(`${text}Z`);
  return !Number.isNaN(instant) && new Date(instant).toISOString().startsWith(text);
}
