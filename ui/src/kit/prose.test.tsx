import { renderToStaticMarkup } from 'react-dom/server'
import { expect, test } from 'vitest'
import { Prose, WebLink } from './prose'

const html = (text: string) => renderToStaticMarkup(<Prose text={text} />)

test('raw HTML becomes text, never elements', () => {
  const out = html('before <img src=x onerror=alert(1)> <script>alert(2)</script> after')
  expect(out).not.toMatch(/<img|<script/)
  expect(out).toContain('before')
  expect(out).toContain('after')
})

test.each([
  '[x](javascript:alert(1))',
  '[x](data:text/html;base64,AAAA)',
  '<javascript:alert(1)>',
  '[x](//evil.example/)',
])('no link from %s', text => expect(html(text)).not.toContain('href'))

test('images are not loaded', () => {
  const out = html('![picture](https://evil.example/track.png)')
  expect(out).not.toContain('<img')
  expect(out).toContain('href="https://evil.example/track.png"')
})

test('web links open apart and tell nothing of where they came from', () => {
  expect(html('[docs](https://example.com/)')).toContain(
    'href="https://example.com/" target="_blank" rel="noopener noreferrer"',
  )
})

test('Markdown is drawn', () => {
  const out = html('## Fix\n\nUse `x`\n\n- a\n- b')
  expect(out).toContain('<h4>Fix</h4>')
  expect(out).toContain('<code>x</code>')
  expect(out).toContain('<li>a</li>')
})

test('an address that is no web link is only text', () => {
  expect(renderToStaticMarkup(<WebLink href="vbscript:1">x</WebLink>)).toBe('<span>x</span>')
})
