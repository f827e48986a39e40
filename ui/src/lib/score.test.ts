import { expect, test } from 'vitest'
import { points, shown, type Term, waterfall } from './score'

const term = (name: string, points: number, more: Partial<Term> = {}): Term => ({
  name,
  points,
  input: '',
  unknown: false,
  ...more,
})

test('bars follow each other and end at the score', () => {
  const w = waterfall([term('severity', 40), term('exploited', 20), term('unreachable', -10)], 50)
  expect(w.map(b => [Math.round(b.left), Math.round(b.width), b.lowers])).toEqual([
    [0, 67, false],
    [67, 33, false],
    [83, 17, true],
  ])
})

test('an unknown input shows what it could add and stretches the scale', () => {
  const w = waterfall([term('severity', 40), term('exposure', 0, { unknown: true, could_add: 40 })], 40)
  expect(w[1]).toMatchObject({ left: 50, width: 0, could: 50 })
})

test('could_add of a known input is not counted', () => {
  const w = waterfall([term('a', 90, { could_add: 5 })], 90)
  expect(w[0]?.could).toBe(0)
})

test('a score below nothing keeps its bars inside', () => {
  const w = waterfall([term('a', 10), term('b', -30)], 0)
  for (const b of w) {
    expect(b.left).toBeGreaterThanOrEqual(0)
    expect(b.left + b.width).toBeLessThanOrEqual(100.0001)
  }
})

test('no terms make no bars', () => expect(waterfall([], 0)).toEqual([]))

test('points carry their sign', () => {
  expect([12, -3.54, 0.04, 0].map(points)).toEqual(['+12', '−3.5', '0', '0'])
})

test('a score is never shown as 100 when it is not', () => {
  expect([99.7, 100, 86.5, 0].map(shown)).toEqual(['99', '100', '87', '0'])
})
