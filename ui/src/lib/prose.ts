/**
 * Text that came from a tool: Markdown, plain text or HTML. HTML is turned
 * into Markdown here, keeping only its structure; what shows Markdown never
 * passes HTML on, so that nothing a report says can run or load anything.
 */

const known =
  /<\/(p|div|ul|ol|li|pre|code|h[1-6]|table|tr|td|blockquote|b|strong|i|em|a|span)\s*>|<br\s*\/?>/i

/** Whether a text is meant as HTML: it closes a tag of the kind that descriptions use. */
export const looksLikeHTML = (text: string): boolean => known.test(text)

/** Markdown of a text in either language. */
export function toMarkdown(text: string): string {
  return looksLikeHTML(text) ? new Converter(text).run() : text
}

/** A "<" without a ">" in so many characters begins no tag; without a bound such signs would cost a look at all the rest. */
const longestTag = 4000

/** Elements whose content is not text for people. */
const silent = new Set(['script', 'style', 'iframe', 'object', 'template', 'head', 'svg', 'math'])
const blocks = new Set(['p', 'div', 'ul', 'ol', 'table', 'tr', 'blockquote', 'section', 'article'])

/** Walks through HTML once, from left to right, and writes Markdown. */
class Converter {
  private out = ''
  private at = 0
  private pre = false
  private code: string | undefined
  private link: { url: string | undefined; from: number } | undefined

  constructor(private readonly html: string) {}

  run(): string {
    while (this.at < this.html.length) {
      const open = this.html.indexOf('<', this.at)
      this.text(this.html.slice(this.at, open < 0 ? undefined : open))
      if (open < 0) break
      this.markup(open)
    }
    this.endCode()
    this.endLink()
    return this.out
      .replace(/[ \t]+\n/g, s => (s.length > 2 ? '  \n' : '\n'))
      .replace(/\n{3,}/g, '\n\n')
      .trim()
  }

  /** Reads what starts with "<": a tag, a comment, or a mere sign. */
  private markup(open: number) {
    if (this.html.startsWith('<!--', open)) return this.jump(this.html.indexOf('-->', open), 3)
    const length = this.html.slice(open, open + longestTag).indexOf('>')
    const close = length < 0 ? -1 : open + length
    const tag =
      close < 0 ? null : /^<(\/?)([a-z][a-z0-9]*)/i.exec(this.html.slice(open, Math.min(close, open + 32)))
    if (!tag) {
      this.text('<')
      this.at = open + 1
      return
    }
    this.at = close + 1
    const name = (tag[2] ?? '').toLowerCase()
    if (tag[1]) this.end(name)
    else if (silent.has(name)) this.jump(this.closing(name), name.length + 3)
    else this.begin(name, this.html.slice(open, close))
  }

  private closing(name: string): number {
    const end = new RegExp(`</${name}>`, 'gi')
    end.lastIndex = this.at
    return end.exec(this.html)?.index ?? -1
  }

  private jump(to: number, length: number) {
    this.at = to < 0 ? this.html.length : to + length
  }

  private text(raw: string) {
    const s = entities(raw)
    if (this.code !== undefined) this.code += s
    else this.out += escaped(s.replace(/\s+/g, ' '))
  }

  private begin(name: string, tag: string) {
    if (this.code !== undefined) {
      if (name === 'br') this.code += '\n'
      return
    }
    if (name === 'pre') {
      this.pre = true
      this.code = ''
    } else if (name === 'code') this.code = ''
    else if (name === 'br') this.out += '  \n'
    else if (name === 'li') this.out += '\n- '
    else if (/^h[1-6]$/.test(name)) this.out += `\n\n${'#'.repeat(Number(name[1]))} `
    else if (name === 'a') {
      this.endLink()
      const href = /\shref\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))/i.exec(tag)
      this.link = { url: webLink(entities(href?.[1] ?? href?.[2] ?? href?.[3] ?? '')), from: this.out.length }
    } else this.inline(name)
  }

  private end(name: string) {
    if (name === 'pre' || (name === 'code' && !this.pre)) this.endCode()
    else if (this.code !== undefined) return
    else if (name === 'a') this.endLink()
    else if (name === 'td' || name === 'th') this.out += ' '
    else if (/^h[1-6]$/.test(name)) this.out += '\n\n'
    else this.inline(name)
  }

  private inline(name: string) {
    if (name === 'b' || name === 'strong') this.out += '**'
    else if (name === 'i' || name === 'em') this.out += '*'
    else if (blocks.has(name)) this.out += '\n\n'
  }

  private endCode() {
    if (this.code === undefined) return
    const code = this.code.trim()
    const longest = Math.max(0, ...(code.match(/`+/g) ?? []).map(s => s.length))
    if (this.pre) {
      const fence = '`'.repeat(Math.max(3, longest + 1))
      this.out += `\n\n${fence}\n${code}\n${fence}\n\n`
    } else if (code !== '') {
      const tick = '`'.repeat(longest + 1)
      this.out += longest > 0 ? `${tick} ${code} ${tick}` : `${tick}${code}${tick}`
    }
    this.code = undefined
    this.pre = false
  }

  private endLink() {
    if (!this.link) return
    const { url, from } = this.link
    const label = this.out.slice(from).trim()
    if (url) this.out = `${this.out.slice(0, from)}[${label || escaped(url)}](<${url}>)`
    this.link = undefined
  }
}

/** Signs that mean something in Markdown stand for themselves in HTML. */
const escaped = (s: string): string => s.replace(/[\\`*_[\]<>#]/g, '\\$&')

const named: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", nbsp: ' ' }

function entities(s: string): string {
  return s.replace(/&(#x[0-9a-f]{1,6}|#\d{1,7}|[a-z]{2,8});/gi, (whole, name: string) => {
    if (name[0] !== '#') return named[name.toLowerCase()] ?? whole
    const hex = name[1] === 'x' || name[1] === 'X'
    const code = hex ? Number.parseInt(name.slice(2), 16) : Number(name.slice(1))
    return code > 0 && code < 0x110000 ? String.fromCodePoint(code) : whole
  })
}

/** The address when it is one that may be opened from here: http or https and nothing else. */
export function webLink(href: string | undefined): string | undefined {
  if (!href) return undefined
  try {
    const url = new URL(href.trim())
    return url.protocol === 'https:' || url.protocol === 'http:' ? url.href : undefined
  } catch {
    return undefined
  }
}
