import { expect, test } from 'vitest'
import { isOwnPath } from './place'

test.each([
  ['/', true],
  ['/findings?severity=high', true],
  ['//evil.example', false],
  ['/\\evil.example', false],
  ['https://evil.example', false],
  ['/signin', false],
  ['', false],
])('going on to %j after signing in: %s', (path, want) => expect(isOwnPath(path)).toBe(want))
