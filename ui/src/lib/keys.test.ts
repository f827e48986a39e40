import { expect, test } from 'vitest'
import { keyName, Pairs, pairTime } from './keys'

const pairs = () => new Pairs(new Set(['g']))

test('a single key is itself', () => expect(pairs().press('j', 0)).toBe('j'))

test('two keys in time are a pair', () => {
  const p = pairs()
  expect(p.press('g', 0)).toBe('')
  expect(p.press('f', pairTime)).toBe('g f')
  expect(p.press('f', pairTime + 1)).toBe('f')
})

test('a pair that takes too long is forgotten', () => {
  const p = pairs()
  p.press('g', 0)
  expect(p.press('f', pairTime + 1)).toBe('f')
})

test('keys with a modifier belong to the browser', () => {
  const plain = { ctrlKey: false, metaKey: false, altKey: false }
  expect(keyName({ key: 'f', ...plain })).toBe('f')
  expect(keyName({ key: 'f', ...plain, ctrlKey: true })).toBe('')
})
