import { Link } from 'react-router'
import type { Application } from '../../api/client'
import { Score } from '../../kit/score'
import { SeverityTally } from '../../kit/severity'
import { Tag } from '../../kit/tag'
import { Ago } from '../../kit/time'
import { count, plural, words } from '../../lib/format'
import css from './rows.module.css'

type Props = {
  applications: readonly Application[]
  /** Leaves out all but name, state and figures. */
  brief?: boolean
  active?: number
  onFocus?: (i: number) => void
}

/** Applications in rows; one that was never scanned is shown as unknown. */
export function ApplicationRows({ applications, brief, active, onFocus }: Props) {
  return (
    <ul className={css.list} data-brief={brief || undefined}>
      {applications.map((a, i) => (
        <li key={a.key} className={css.row} data-application={i} data-active={i === active || undefined}>
          {a.last_scan ? (
            <Score score={a.max_score} />
          ) : (
            <span className={css.unknown} title="Never scanned: the risk is unknown">
              ?
            </span>
          )}
          <div className={css.main}>
            <Link
              to={`/applications/${encodeURIComponent(a.key)}`}
              className={css.name}
              onFocus={() => onFocus?.(i)}
            >
              {a.name}
            </Link>
            <div className={css.sub}>
              {a.last_scan ? (
                <>
                  <SeverityTally tally={a.open} /> {!brief && <Urgent n={a.urgent} />}
                </>
              ) : (
                <span className={css.never}>Never scanned, state unknown</span>
              )}
            </div>
          </div>
          {!brief && (
            <div className={css.context}>
              <span>
                {a.context.criticality === 'unknown'
                  ? 'Criticality unknown'
                  : `${words(a.context.criticality)} criticality`}
              </span>
              <span className="muted">
                {[a.unit, a.owner].filter(Boolean).join(' · ') || 'No owner given'}
              </span>
            </div>
          )}
          <div className={css.scan}>
            {brief && <Urgent n={a.urgent} />}
            {brief && a.stale > 0 && <Tag tone="warn">stale</Tag>}
            {!brief && <span className="muted">{assetsWord(a)}</span>}
            {!brief && a.last_scan && (
              <span className="muted">
                scanned <Ago at={a.last_scan} />
              </span>
            )}
          </div>
        </li>
      ))}
    </ul>
  )
}

function Urgent({ n }: { n: number }) {
  if (n === 0) return null
  return (
    <Tag tone="bad" title="Open findings of the highest priority">
      {count(n)} now
    </Tag>
  )
}

/** How many assets there are, and how many of them nobody knows the state of. */
function assetsWord(a: Application): string {
  const more = [a.unscanned > 0 && `${a.unscanned} never scanned`, a.stale > 0 && `${a.stale} stale`].filter(
    Boolean,
  )
  return plural(a.assets, 'asset') + (more.length > 0 ? ` (${more.join(', ')})` : '')
}
