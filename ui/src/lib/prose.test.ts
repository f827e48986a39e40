import { describe, expect, test } from 'vitest'
import { looksLikeHTML, toMarkdown, webLink } from './prose'

describe('HTML of tools', () => {
  test('keeps its structure as Markdown', () => {
    expect(
      toMarkdown(
        '<p>Avoid <code>eval()</code> &amp; <b>friends</b>.</p><ul><li>one</li><li>two</li></ul><p>See <a href="https://example.com/x?a=1&amp;b=2">this</a></p>',
      ),
    ).toBe('Avoid `eval()` & **friends**.\n\n- one\n- two\n\nSee [this](<https://example.com/x?a=1&b=2>)')
  })

  test('keeps code as it stands', () => {
    expect(toMarkdown('<pre><code>if (a &lt; b) {\n  x();\n}</code></pre>')).toBe(
      '```\nif (a < b) {\n  x();\n}\n```',
    )
  })

  test('scripts and comments are gone with their content', () => {
    expect(toMarkdown('<p>a</p><script>alert(1)</script><!-- <b> --><style>p{}</style><p>b</p>')).toBe(
      'a\n\nb',
    )
  })

  test.each([
    '<p><a href="javascript:alert(1)">x</a></p>',
    '<p><a href="data:text/html,1">x</a></p>',
    '<p><a href="java&#115;cript:alert(1)">x</a></p>',
  ])('a link that is no web link loses its address: %s', html => {
    expect(toMarkdown(html)).toBe('x')
  })

  test('text that only mentions tags stays as it is', () => {
    const text = 'Found `<script>` in the template, and a < b > c'
    expect(looksLikeHTML(text)).toBe(false)
    expect(toMarkdown(text)).toBe(text)
  })

  test('Markdown stays as it is', () => {
    const text = '## Fix\n\nUse **parameters**, see [docs](https://example.com).'
    expect(toMarkdown(text)).toBe(text)
  })

  test('signs that mean something in Markdown stand for themselves', () => {
    expect(toMarkdown('<p>a * b * c_d_e [x](http://y) # z</p>')).toBe(
      'a \\* b \\* c\\_d\\_e \\[x\\](http://y) \\# z',
    )
  })

  test('code may hold backticks', () => {
    expect(toMarkdown('<code>a `b` c</code>')).toBe('`` a `b` c ``')
  })

  test('what is never closed ends with the text', () => {
    expect(toMarkdown('<p>a <code>b')).toBe('<p>a <code>b') // closes nothing: not taken for HTML
    expect(toMarkdown('<p>a</p><code>b')).toBe('a\n\n`b`')
    expect(toMarkdown('<p>a</p><script>alert(1)')).toBe('a')
    expect(toMarkdown('<p>1 < 2</p>')).toBe('1 \\< 2')
  })

  test('a long text made to be slow is read in one pass', () => {
    // Each of these pieces makes a careless reader look through all the rest.
    const text = `<p>${'<a href='.repeat(100_000)}${'&<!'.repeat(300_000)}${'<script'.repeat(100_000)}</p>`
    expect(toMarkdown(text).length).toBeGreaterThan(0)
  })
})

test.each([
  ['https://example.com/a', 'https://example.com/a'],
  [' http://example.com ', 'http://example.com/'],
  ['javascript:alert(1)', undefined],
  ['JAVASCRIPT:alert(1)', undefined],
  ['data:text/html,x', undefined],
  ['vbscript:x', undefined],
  ['file:///etc/passwd', undefined],
  ['//example.com', undefined],
  ['not a link', undefined],
  [undefined, undefined],
])('%j leads to %j', (href, want) => expect(webLink(href)).toBe(want))
