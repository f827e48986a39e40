import { Link } from 'react-router'
import type { Severity } from '../api/client'
import { count, short, words } from '../lib/format'
import { severities, type Tally, tallyOf, tallySum } from '../lib/severity'
import css from './severity.module.css'

const bars: Record<Severity, number> = { critical: 4, high: 3, medium: 2, low: 1, info: 0, unknown: 0 }

/** A severity as bars that rise, with its word; never by colour alone. */
export function SeverityMark({ severity, bare }: { severity: Severity; bare?: boolean }) {
  return (
    <span className={css.mark} data-severity={severity} title={bare ? words(severity) : undefined}>
      {severity === 'unknown' ? (
        <svg width="14" height="14" viewBox="0 0 14 14" aria-hidden="true">
          <rect
            x="1"
            y="1"
            width="12"
            height="12"
            rx="3"
            fill="none"
            stroke="currentColor"
            strokeWidth="1.3"
            strokeDasharray="2.2 1.8"
          />
          <path
            d="M5.6 5.5c0-.9.6-1.4 1.4-1.4s1.4.5 1.4 1.2c0 1-1.4 1.1-1.4 2.2M7 9.6v.1"
            fill="none"
            stroke="currentColor"
            strokeWidth="1.3"
            strokeLinecap="round"
          />
        </svg>
      ) : (
        <svg width="14" height="14" viewBox="0 0 14 14" aria-hidden="true">
          {[0, 1, 2, 3].map(i => (
            <rect
              key={i}
              x={0.5 + i * 3.5}
              y={9 - i * 2.7}
              width="2.6"
              height={4 + i * 2.7}
              rx="0.8"
              fill="currentColor"
              opacity={i < bars[severity] ? 1 : 0.22}
            />
          ))}
        </svg>
      )}
      {bare ? <span className="hidden">{words(severity)}</span> : words(severity)}
    </span>
  )
}

/** Open findings by severity as small numbers, the worst first; zero is said, not hidden. */
export function SeverityTally({ tally, link }: { tally: Tally; link?: (s: Severity) => string }) {
  const shown = severities.filter(s => tallyOf(tally, s) > 0)
  if (shown.length === 0) return <span className="muted">None open</span>
  return (
    <span className={css.tally}>
      {shown.map(s => {
        const n = tallyOf(tally, s)
        const inner = (
          <>
            <SeverityMark severity={s} bare />
            <span className="number">{short(n)}</span>
          </>
        )
        const title = `${count(n)} ${s}`
        return link ? (
          <Link key={s} to={link(s)} className={css.count} data-severity={s} title={title}>
            {inner}
          </Link>
        ) : (
          <span key={s} className={css.count} data-severity={s} title={title}>
            {inner}
          </span>
        )
      })}
    </span>
  )
}

/** The shares of the severities as one bar. */
export function SeverityBar({ tally }: { tally: Tally }) {
  const total = tallySum(tally)
  return (
    <div className={css.bar} aria-hidden="true">
      {severities.map(s => {
        const n = tallyOf(tally, s)
        return (
          n > 0 && (
            <span
              key={s}
              data-severity={s}
              style={{ flexGrow: n, minWidth: 3 }}
              title={`${count(n)} ${s} of ${count(total)}`}
            />
          )
        )
      })}
    </div>
  )
}
