/** Source text of a finding as numbered lines. */

export type CodeLine = {
  /** Absent when the report does not say where the text begins. */
  number?: number
  text: string
  /** Whether the line belongs to the flaw. */
  marked: boolean
}

type Region = { start_line?: number; end_line?: number; snippet?: string; context?: string }

/** Lines longer than this are not cut but the view scrolls; minified files can have megabytes in one. */
const longest = 2000

/**
 * The lines to show for a place. The context is preferred, as it shows more;
 * where it begins follows from where the snippet stands in it. Context that
 * the snippet is not found in can't be numbered and is shown without numbers.
 */
export function codeLines(region: Region): CodeLine[] {
  const snippet = split(region.snippet)
  const context = split(region.context)
  const start = region.start_line
  const rows = snippet.length > 0 ? snippet.length : 1
  if (context.length > snippet.length) {
    const at = snippet.length > 0 ? indexOf(context, snippet) : -1
    if (at >= 0) {
      return context.map((text, i) => ({
        number: start ? start - at + i : undefined,
        text: clip(text),
        marked: i >= at && i < at + rows,
      }))
    }
    return context.map(text => ({ text: clip(text), marked: false }))
  }
  const last = region.end_line && start ? region.end_line : (start ?? 0) + snippet.length
  return snippet.map((text, i) => ({
    number: start ? start + i : undefined,
    text: clip(text),
    marked: start ? start + i <= last : true,
  }))
}

function split(text: string | undefined): string[] {
  if (!text?.trim()) return []
  return text.replace(/\r\n?/g, '\n').replace(/\n+$/, '').replace(/^\n+/, '').split('\n')
}

/** Where the snippet's lines stand in the context; its first and last line may be parts of lines. */
function indexOf(context: string[], snippet: string[]): number {
  const fits = (at: number) => snippet.every((s, i) => context[at + i]?.includes(s.trim()))
  for (let at = 0; at + snippet.length <= context.length; at++) if (fits(at)) return at
  return -1
}

const clip = (line: string): string => (line.length > longest ? `${line.slice(0, longest)} …` : line)

/** One line saying where: path:line, URL or resource. */
export function placeOf(l: {
  path?: string
  start_line?: number
  url?: string
  method?: string
  parameter?: string
  resource?: string
  image?: string
}): string {
  if (l.path) return l.start_line ? `${l.path}:${l.start_line}` : l.path
  if (l.url) return [l.method, l.url, l.parameter && `(${l.parameter})`].filter(Boolean).join(' ')
  return l.resource ?? l.image ?? ''
}
