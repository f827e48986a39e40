import { Link } from 'react-router'
import type { Overview } from '../../api/client'
import { Panel } from '../../kit/page'
import { SeverityBar, SeverityMark } from '../../kit/severity'
import { useNow } from '../../kit/time'
import { allStatuses, findingsURL } from '../../lib/filter'
import { count, percent, words } from '../../lib/format'
import { inOrder, severities, tallyOf, tallySum } from '../../lib/severity'
import css from './figures.module.css'

/** The figures; each number leads to its findings. */
export function Figures({ overview: o }: { overview: Overview }) {
  return (
    <div className={css.grid}>
      <Open overview={o} />
      <Priorities overview={o} />
      <Week overview={o} />
      <Noise overview={o} />
    </div>
  )
}

function Open({ overview: o }: { overview: Overview }) {
  return (
    <Panel title="Open findings">
      <Link to="/findings" className={css.big}>
        {count(tallySum(o.open))}
      </Link>
      <SeverityBar tally={o.open} />
      <ul className={css.severities}>
        {severities.map(s => {
          const n = tallyOf(o.open, s)
          return (
            <li key={s} data-none={n === 0 || undefined}>
              <Link to={findingsURL({ severity: [s] })}>
                <SeverityMark severity={s} />
                <span className={css.number}>{count(n)}</span>
              </Link>
            </li>
          )
        })}
      </ul>
    </Panel>
  )
}

function Priorities({ overview: o }: { overview: Overview }) {
  const most = Math.max(1, ...o.priorities.map(p => p.count))
  return (
    <Panel title="By priority">
      {o.priorities.length === 0 ? (
        <p className="muted">Nothing is open.</p>
      ) : (
        <ul className={css.bars}>
          {inOrder('priority', o.priorities).map(p => (
            <li key={p.value}>
              <Link to={findingsURL({ priority: [p.value] })}>
                <span>{p.label || words(p.value)}</span>
                <span className={css.number}>{count(p.count)}</span>
              </Link>
              <span className={css.bar} aria-hidden="true">
                <span style={{ width: `${(100 * p.count) / most}%` }} />
              </span>
            </li>
          ))}
        </ul>
      )}
    </Panel>
  )
}

function Week({ overview: o }: { overview: Overview }) {
  const now = useNow()
  // To the minute, so that the address does not change at every look.
  const since = new Date(Math.floor(now / 60_000) * 60_000 - 7 * 86_400_000).toISOString()
  const most = Math.max(1, o.new_week, o.resolved_week)
  const better = o.resolved_week >= o.new_week
  return (
    <Panel title="This week">
      <ul className={css.bars}>
        <li>
          <Link to={findingsURL({ since, status: allStatuses, sort: 'newest' })}>
            <span>New</span>
            <span className={css.number}>{count(o.new_week)}</span>
          </Link>
          <span className={css.bar} aria-hidden="true">
            <span data-tone="new" style={{ width: `${(100 * o.new_week) / most}%` }} />
          </span>
        </li>
        <li>
          <Link to={findingsURL({ status: ['resolved'], sort: 'newest' })}>
            <span>Resolved</span>
            <span className={css.number}>{count(o.resolved_week)}</span>
          </Link>
          <span className={css.bar} aria-hidden="true">
            <span data-tone="resolved" style={{ width: `${(100 * o.resolved_week) / most}%` }} />
          </span>
        </li>
      </ul>
      <p className={css.note}>
        {o.new_week === 0 && o.resolved_week === 0
          ? 'Nothing changed in the last seven days.'
          : better
            ? 'You resolve at least as much as comes in.'
            : `${count(o.new_week - o.resolved_week)} more came in than went out.`}
      </p>
    </Panel>
  )
}

function Noise({ overview: o }: { overview: Overview }) {
  const saved = o.observations - o.findings
  return (
    <Panel title="Noise taken away">
      <div className={css.big}>{percent(Math.max(saved, 0), o.observations)}</div>
      <p className={css.note}>
        Your tools said <strong>{count(o.observations)}</strong> things; they are{' '}
        <strong>{count(o.findings)}</strong> findings.
      </p>
      <div className={css.noise} aria-hidden="true">
        <span style={{ width: '100%' }} />
        <span
          style={{ width: `${o.observations > 0 ? Math.max(1, (100 * o.findings) / o.observations) : 0}%` }}
        />
      </div>
    </Panel>
  )
}
