import { expect, test } from 'vitest'
import { age, ago, bounded, bytes, date, duration, percent, plural, short, stamp, words } from './format'

const now = Date.parse('2026-03-01T12:00:00Z')

test.each([
  ['2026-03-01T11:59:30Z', 'now'],
  ['2026-03-01T12:00:30Z', 'now'],
  ['2026-03-01T11:55:00Z', '5m'],
  ['2026-03-01T01:00:00Z', '11h'],
  ['2026-02-01T12:00:00Z', '28d'],
  ['2025-06-01T12:00:00Z', '8mo'],
  ['2020-03-01T12:00:00Z', '6y'],
  ['not a time', 'unknown'],
])('age of %s is %s', (iso, want) => expect(age(iso, now)).toBe(want))

test('ago reads as a sentence', () => {
  expect(ago('2026-03-01T11:00:00Z', now)).toBe('1h ago')
  expect(ago('2026-03-01T12:00:00Z', now)).toBe('just now')
})

test('times are in UTC whatever the zone they came in', () => {
  expect(stamp('2026-01-31T23:30:00-02:00')).toBe('2026-02-01 01:30 UTC')
  expect(date('2026-01-31T23:30:00Z')).toBe('2026-01-31')
})

test.each([
  [0, '0'],
  [999, '999'],
  [1000, '1k'],
  [1299, '1.2k'],
  [34_900, '34k'],
  [999_499, '999k'],
  [1_000_000, '1M'],
  [2_560_000, '2.5M'],
])('%d in short is %s', (n, want) => expect(short(n)).toBe(want))

test('a bound is marked as one', () => {
  expect(bounded({ n: 10000, exact: false })).toBe('10,000+')
  expect(bounded({ n: 10000, exact: true })).toBe('10,000')
})

test.each([
  [0, '0 B'],
  [999, '999 B'],
  [1500, '1.5 kB'],
  [250_000_000, '250 MB'],
  [1_073_741_824, '1.1 GB'],
])('%d bytes are %s', (n, want) => expect(bytes(n)).toBe(want))

test.each([
  [0.04, '40 ms'],
  [2.44, '2.4 s'],
  [185, '3 min 5 s'],
])('%d seconds are %s', (n, want) => expect(duration(n)).toBe(want))

test('per cent never claims all or nothing wrongly', () => {
  expect(percent(1, 1000)).toBe('<1%')
  expect(percent(999, 1000)).toBe('>99%')
  expect(percent(1, 0)).toBe('–')
  expect(percent(0, 5)).toBe('0%')
})

test('words and plurals', () => {
  expect(words('false_positive')).toBe('False positive')
  expect(plural(1, 'asset')).toBe('1 asset')
  expect(plural(1200, 'policy', 'policies')).toBe('1,200 policies')
})
