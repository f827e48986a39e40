import { expect, test } from 'vitest'
import { neighbours } from './trail'

const trail = { search: '', ids: ['a', 'b', 'c'] }

test('neighbours are those of the list', () => {
  expect(neighbours(trail, 'b')).toEqual({ previous: 'a', next: 'c', position: 1 })
  expect(neighbours(trail, 'a')).toEqual({ previous: undefined, next: 'b', position: 0 })
  expect(neighbours(trail, 'c').next).toBeUndefined()
})

test('a finding that came from elsewhere has none', () => {
  expect(neighbours(trail, 'z')).toEqual({ position: -1 })
})
