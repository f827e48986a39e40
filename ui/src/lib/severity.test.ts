import { expect, test } from 'vitest'
import { inOrder, tallyOf, tallySum } from './severity'

const values = (...names: string[]) => names.map(value => ({ value }))

test('severities and priorities have their own order', () => {
  expect(inOrder('severity', values('low', 'unknown', 'critical'))).toEqual(
    values('critical', 'low', 'unknown'),
  )
  expect(inOrder('priority', values('watch', 'later', 'now'))).toEqual(values('now', 'watch', 'later'))
})

test('other fields stay as they came', () => {
  expect(inOrder('tool', values('b', 'a'))).toEqual(values('b', 'a'))
})

test('a severity that is not counted has none', () => {
  const tally = [{ severity: 'high', count: 3 }] as const
  expect(tallyOf(tally, 'low')).toBe(0)
  expect(tallySum([...tally, { severity: 'low', count: 2 }])).toBe(5)
})
