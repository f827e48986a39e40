import { expect, test } from 'vitest'
import { nowhere, place } from './cursor'

const rows = (...ids: string[]) => ids.map(id => ({ id }))

test('a cursor stays on its finding when rows come or go above', () => {
  const at = { id: 'b', index: 1 }
  expect(place(rows('a', 'b', 'c'), at)).toBe(1)
  expect(place(rows('b', 'c'), at)).toBe(0)
  expect(place(rows('x', 'y', 'a', 'b'), at)).toBe(3)
})

test('when its finding is gone it is on the row that took the place', () => {
  expect(place(rows('a', 'c'), { id: 'b', index: 1 })).toBe(1)
  expect(place(rows('a'), { id: 'b', index: 1 })).toBe(0)
  expect(place([], { id: 'b', index: 1 })).toBe(-1)
})

test('nowhere stays nowhere', () => expect(place(rows('a'), nowhere)).toBe(-1))
