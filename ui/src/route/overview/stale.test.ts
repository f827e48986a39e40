import { expect, test } from 'vitest'
import { staleFeeds } from './stale'

const feed = (name: string, as_of?: string, missing = false) => ({
  feed: name,
  title: name,
  used: '',
  rows: 1,
  missing,
  as_of,
})

test('old feeds are stale, missing ones are something else', () => {
  const feeds = [
    feed('fresh', '2026-03-01T00:00:00Z'),
    feed('old', '2026-02-20T00:00:00Z'),
    feed('missing', undefined, true),
    feed('without a date'),
  ]
  expect(staleFeeds(feeds, Date.parse('2026-03-02T00:00:00Z')).map(f => f.feed)).toEqual(['old'])
})
