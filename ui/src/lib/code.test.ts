import { describe, expect, test } from 'vitest'
import { codeLines, placeOf } from './code'

describe('lines of code', () => {
  test('a snippet is numbered from its start line and marked', () => {
    expect(codeLines({ start_line: 10, end_line: 11, snippet: 'a\nb\n' })).toEqual([
      { number: 10, text: 'a', marked: true },
      { number: 11, text: 'b', marked: true },
    ])
  })

  test('context is numbered by where the snippet stands in it', () => {
    const lines = codeLines({ start_line: 10, snippet: '  exec(q)', context: 'f() {\n  exec(q)\n}' })
    expect(lines).toEqual([
      { number: 9, text: 'f() {', marked: false },
      { number: 10, text: '  exec(q)', marked: true },
      { number: 11, text: '}', marked: false },
    ])
  })

  test('a snippet that is a part of a line marks that line', () => {
    const lines = codeLines({ start_line: 3, snippet: 'password', context: 'x\ny\nlogin(password)\nz' })
    expect(lines.map(l => [l.number, l.marked])).toEqual([
      [1, false],
      [2, false],
      [3, true],
      [4, false],
    ])
  })

  test('context without a trace of the snippet gets no made-up numbers', () => {
    expect(codeLines({ start_line: 3, snippet: 'gone', context: 'x\ny' }).map(l => l.number)).toEqual([
      undefined,
      undefined,
    ])
  })

  test('more snippet than region: only the region is marked', () => {
    expect(codeLines({ start_line: 5, end_line: 5, snippet: 'a\nb' }).map(l => l.marked)).toEqual([
      true,
      false,
    ])
  })

  test('Windows line ends and huge lines', () => {
    const lines = codeLines({ start_line: 1, snippet: `a\r\n${'x'.repeat(5000)}` })
    expect(lines).toHaveLength(2)
    expect(lines[1]?.text.length).toBeLessThan(2010)
  })

  test('nothing to show', () => {
    expect(codeLines({ start_line: 1 })).toEqual([])
    expect(codeLines({ snippet: '\n' })).toEqual([])
  })
})

test('places in one line', () => {
  expect(placeOf({ path: 'a.go', start_line: 3 })).toBe('a.go:3')
  expect(placeOf({ url: 'https://x.test/a', method: 'GET', parameter: 'q' })).toBe('GET https://x.test/a (q)')
  expect(placeOf({ resource: 'aws_s3_bucket.logs' })).toBe('aws_s3_bucket.logs')
  expect(placeOf({})).toBe('')
})
