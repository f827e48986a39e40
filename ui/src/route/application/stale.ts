/** A scan older than this says little of today. */
const limit = 30 * 86_400_000

/** Whether the last scan is old; what was never scanned is unknown, not stale. Now is in milliseconds. */
export const isStale = (lastScan: string | undefined, now: number): boolean =>
  lastScan !== undefined && now - Date.parse(lastScan) > limit
