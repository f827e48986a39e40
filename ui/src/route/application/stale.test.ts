import { expect, test } from 'vitest'
import { isStale } from './stale'

const now = Date.parse('2026-03-31T00:00:00Z')

test('a scan is stale after thirty days', () => {
  expect(isStale('2026-03-01T00:00:00Z', now)).toBe(false)
  expect(isStale('2026-02-28T00:00:00Z', now)).toBe(true)
})

test('what was never scanned is not stale', () => expect(isStale(undefined, now)).toBe(false))
