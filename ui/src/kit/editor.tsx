import { useEffect, useRef } from 'react'
import css from './editor.module.css'

type Props = {
  label: string
  value: string
  onChange: (text: string) => void
  /** Lines with a problem, counted from 1. */
  marked: readonly number[]
  /** Where to put the caret; a new object jumps anew. */
  jump?: { line: number; column: number }
}

/**
 * A text field for source with line numbers. The Tab key leaves it, as in any
 * field: indenting is done with spaces.
 */
export function Editor({ label, value, onChange, marked, jump }: Props) {
  const field = useRef<HTMLTextAreaElement>(null)
  const gutter = useRef<HTMLDivElement>(null)
  const lines = value.split('\n')
  useEffect(() => {
    const f = field.current
    if (!jump || !f) return
    const all = f.value.split('\n')
    const at =
      all.slice(0, jump.line - 1).reduce((n, l) => n + l.length + 1, 0) + Math.max(0, jump.column - 1)
    f.focus()
    f.setSelectionRange(at, at)
    f.scrollTop = Math.max(0, (jump.line - 5) * lineHeight)
  }, [jump])
  return (
    <div className={css.editor}>
      <div className={css.gutter} ref={gutter} aria-hidden="true">
        {lines.map((_, i) => (
          <div key={i} data-marked={marked.includes(i + 1) || undefined}>
            {i + 1}
          </div>
        ))}
      </div>
      <textarea
        ref={field}
        aria-label={label}
        className={css.field}
        value={value}
        wrap="off"
        spellCheck={false}
        autoCapitalize="off"
        autoCorrect="off"
        onChange={e => onChange(e.currentTarget.value)}
        onScroll={e => {
          if (gutter.current) gutter.current.scrollTop = e.currentTarget.scrollTop
        }}
      />
    </div>
  )
}

/** Of the style sheet: numbers and text must agree. */
const lineHeight = 20
