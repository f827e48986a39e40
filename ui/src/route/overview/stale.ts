import type { Feed } from '../../api/client'

/** Feeds change daily; one that is older than this says too little of today. */
const limit = 4 * 86_400_000

/** The feeds that came once but are old; now is in milliseconds. */
export const staleFeeds = (feeds: readonly Feed[], now: number): Feed[] =>
  feeds.filter(f => !f.missing && f.as_of !== undefined && now - Date.parse(f.as_of) > limit)
