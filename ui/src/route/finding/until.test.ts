import { expect, test } from 'vitest'
import { endOfDay, inDays } from './until'

test('days are counted in UTC, over the end of a month', () => {
  expect(inDays(1, Date.parse('2026-01-31T23:59:00Z'))).toBe('2026-02-01')
  expect(inDays(30, Date.parse('2026-01-01T00:00:00Z'))).toBe('2026-01-31')
})

test('a decision holds through its last day', () => {
  expect(endOfDay('2026-02-01')).toBe('2026-02-01T23:59:59Z')
})
