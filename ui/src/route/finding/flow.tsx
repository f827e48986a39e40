import type { Schema } from '../../api/client'
import { Code } from '../../kit/code'
import { Panel } from '../../kit/page'
import { codeLines, placeOf } from '../../lib/code'
import css from './flow.module.css'

/** The way of the data from its source to where it does harm. */
export function Flow({ steps, tool }: { steps: readonly Schema['Step'][]; tool: string }) {
  return (
    <Panel title="Data flow" aside={`${steps.length} steps, from ${tool}`}>
      <ol className={css.flow}>
        {steps.map((s, i) => {
          const lines = codeLines(s.location)
          const word = i === 0 ? 'Source' : i === steps.length - 1 ? 'Sink' : ''
          return (
            <li key={i} className={css.step} data-end={word !== '' || undefined}>
              <div className={css.head}>
                {word && <strong>{word}</strong>}
                <span className={css.place}>{placeOf(s.location)}</span>
                {s.message && <span className="muted">{s.message}</span>}
              </div>
              {lines.length > 0 && <Code lines={lines} label={`Code of step ${i + 1}`} />}
            </li>
          )
        })}
      </ol>
    </Panel>
  )
}
