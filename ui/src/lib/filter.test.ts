import { describe, expect, test } from 'vitest'
import { decodeView, emptyView, encodeView, findingsURL, narrowing, toggled, type View } from './filter'

describe('the view in the URL', () => {
  const views: [string, Partial<View>][] = [
    ['nothing', {}],
    ['alternatives', { severity: ['critical', 'high'], status: ['open', 'accepted'] }],
    ['characters with a meaning in URLs', { q: 'a&b=c+d #100% ünï/码', component: '@scope/pkg' }],
    ['a comma in a value', { tool: ['scanner, the', 'other'], path: 'a,b/c.go' }],
    [
      'every kind of field',
      { cwe: ['79', '89'], kev: 'true', min_score: '70', sort: 'newest', report: 'r-1', change: 'new' },
    ],
  ]
  for (const [name, view] of views) {
    test(`survives the way there and back: ${name}`, () => {
      expect(decodeView(encodeView(view))).toEqual({ ...emptyView, ...view })
    })
  }

  test('is written as the API reads it', () => {
    expect(encodeView({ severity: ['critical', 'high'], tool: ['a b'], sort: 'oldest' })).toBe(
      'severity=critical,high&tool=a%20b&sort=oldest',
    )
    expect(findingsURL({})).toBe('/findings')
  })

  test('takes repeated names and plus signs too', () => {
    expect(decodeView('?severity=low&severity=high,low&q=sql+injection')).toEqual({
      ...emptyView,
      severity: ['low', 'high'],
      q: 'sql injection',
    })
  })

  test('drops what the API would refuse', () => {
    const v = decodeView('severity=apocalyptic,high&cwe=79,x&kev=maybe&min_score=200&sort=luck&page=3')
    expect(v).toEqual({ ...emptyView, severity: ['high'], cwe: ['79'] })
  })

  test('a broken escape does not break the page', () => {
    expect(decodeView('q=100%').q).toBe('100%')
  })
})

test('toggling a value twice changes nothing', () => {
  const once = toggled(emptyView, 'tool', 'semgrep')
  expect(once.tool).toEqual(['semgrep'])
  expect(toggled(once, 'tool', 'semgrep')).toEqual(emptyView)
})

test('narrowing counts each filter once and leaves status out', () => {
  expect(narrowing({ ...emptyView, status: ['open'], severity: ['high', 'low'], q: 'x' })).toBe(3)
})
