/** Days of a decision's end, as a date field holds them (2026-01-31), in UTC. */

/** The day that many days after now, given in milliseconds. */
export const inDays = (days: number, now: number): string =>
  new Date(now + days * 86_400_000).toISOString().slice(0, 10)

/** The last second of a day: a decision "until" a day holds through that day. */
export const endOfDay = (day: string): string => `${day}T23:59:59Z`
