import { expect, test } from 'vitest'
import { markOf } from './problem'

test.each([
  ['policies.yaml:12:5', 12, 5],
  [':3:1', 3, 1],
  ['a:b.yaml:7:9', 7, 9],
  ['body.source', 0, 0],
  ['', 0, 0],
])('%j is line %d column %d', (location, line, column) => {
  expect(markOf({ message: 'm', location })).toEqual({ line, column, message: 'm' })
})
