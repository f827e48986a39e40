import type { CodeLine } from '../lib/code'
import css from './code.module.css'

/** Source text with line numbers; lines of the flaw are marked by colour and by a bar at their left. */
export function Code({ lines, label }: { lines: readonly CodeLine[]; label: string }) {
  const numbered = lines.some(l => l.number !== undefined)
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    <section className={css.code} tabIndex={0} aria-label={label}>
      <table>
        <tbody>
          {lines.map((l, i) => (
            <tr key={i} data-marked={l.marked || undefined}>
              {numbered && <td className={css.number} data-line={l.number} />}
              <td className={css.text}>{l.text || ' '}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  )
}

/** A text as it stands, scrolling when it is long. */
export function Raw({ text, label }: { text: string; label: string }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    <section className={css.raw} tabIndex={0} aria-label={label}>
      <pre>{pretty(text)}</pre>
    </section>
  )
}

/** JSON is laid out in lines; anything else stays as it is. */
function pretty(text: string): string {
  if (!/^\s*[[{]/.test(text)) return text
  try {
    return JSON.stringify(JSON.parse(text), null, 2)
  } catch {
    return text
  }
}
