import { expect, test } from 'vitest'
import { keyOf } from './key'

test.each([
  ['Storefront', 'storefront'],
  ['Back Office (EU)', 'back-office-eu'],
  ['  Käse & Co! ', 'kase-co'],
  ['api.v2_core', 'api.v2_core'],
  ['---', ''],
  ['', ''],
])('the key of %j is %j', (name, want) => expect(keyOf(name)).toBe(want))

test('a key is never longer than the server takes, nor ends in a dash', () => {
  const key = keyOf(`${'a'.repeat(99)} b`)
  expect(key).toBe('a'.repeat(99))
})
