import type { Schema } from '../../api/client'
import { Panel } from '../../kit/page'
import { Score } from '../../kit/score'
import { Tag } from '../../kit/tag'
import { words } from '../../lib/format'
import { points, shown, waterfall } from '../../lib/score'
import css from './score-panel.module.css'

/** Why the score is what it is: every term, known or not, with what it weighs and where it comes from. */
export function ScorePanel({ explanation: e }: { explanation: Schema['Score'] }) {
  const bars = waterfall(e.terms, e.score)
  const unknown = bars.filter(b => b.term.unknown).length
  return (
    <Panel title="Why this score" aside={<Tag tone="accent">{words(e.priority)}</Tag>} id="score">
      <Score score={e.score} large />
      {unknown > 0 && (
        <p className={css.unknown}>
          {unknown === 1 ? 'One input is' : `${unknown} inputs are`} unknown: it could be as high as{' '}
          <strong>{shown(e.ceiling)}</strong>.
        </p>
      )}
      <ol className={css.terms}>
        {bars.map(b => (
          <li key={b.term.name} className={css.term} data-unknown={b.term.unknown || undefined}>
            <div className={css.line}>
              <span className={css.name}>{words(b.term.name)}</span>
              <span className={css.points}>
                {b.term.unknown && !b.term.points
                  ? b.term.could_add
                    ? `up to +${Math.round(b.term.could_add)}`
                    : 'unknown'
                  : points(b.term.points)}
              </span>
            </div>
            {(b.width > 0 || b.could > 0) && (
              <div className={css.track} aria-hidden="true">
                <span
                  className={css.fill}
                  data-lowers={b.lowers || undefined}
                  style={{ left: `${b.left}%`, width: `${b.width}%` }}
                />
                {b.could > 0 && (
                  <span
                    className={css.could}
                    style={{ left: `${b.left + b.width}%`, width: `${b.could}%` }}
                  />
                )}
              </div>
            )}
            <div className={css.input}>
              {b.term.unknown && <Tag>unknown</Tag>} {/^unknown$/i.test(b.term.input) ? '' : b.term.input}
            </div>
            <div className={css.why}>
              {[b.term.why, b.term.source && `from ${b.term.source}`].filter(Boolean).join(', ')}
            </div>
          </li>
        ))}
      </ol>
      <p className={css.model}>Model {e.model}</p>
    </Panel>
  )
}
