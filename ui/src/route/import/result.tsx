import { Link } from 'react-router'
import type { Report } from '../../api/client'
import { Panel } from '../../kit/page'
import { findingsURL } from '../../lib/filter'
import { count, duration, plural } from '../../lib/format'
import css from './result.module.css'

/** What a report changed; each number leads to the findings it stands for. */
export function ResultPanel({ report: r }: { report: Report }) {
  const x = r.result
  const of = (change: string) => findingsURL({ report: r.id, change })
  return (
    <Panel
      title="What it changed"
      aside={<Link to={findingsURL({ report: r.id })}>All findings it touched</Link>}
    >
      <ul className={css.figures}>
        <Figure n={x.new} label="New" to={of('new')} tone="high" />
        <Figure n={x.reopened} label="Reopened" to={of('reopened')} tone="high" />
        <Figure n={x.changed} label="Changed" to={of('changed')} />
        <Figure n={x.resolved} label="Resolved" to={of('resolved')} tone="good" />
        <Figure n={x.unchanged} label="Unchanged" />
        <Figure
          n={x.quarantined}
          label="Unreadable"
          to={x.quarantined > 0 ? '#quarantine' : undefined}
          tone="warn"
        />
      </ul>
      <p className={css.note}>
        {plural(x.records, 'record')} in the file, {plural(x.observations, 'observation')}
        {x.components > 0 && `, ${plural(x.components, 'component')}`}; applied in {duration(x.seconds)}
        {steps(x.steps)}.
      </p>
      {x.notes && x.notes.length > 0 && (
        <ul className={css.notes}>
          {x.notes.map(n => (
            <li key={n}>{n}</li>
          ))}
        </ul>
      )}
    </Panel>
  )
}

function Figure({ n, label, to, tone }: { n: number; label: string; to?: string; tone?: string }) {
  const inner = (
    <>
      <span className={css.number}>{count(n)}</span>
      <span className={css.label}>{label}</span>
    </>
  )
  return (
    <li data-tone={n > 0 ? tone : undefined} data-none={n === 0 || undefined}>
      {to && n > 0 ? (
        to.startsWith('#') ? (
          <a href={to}>{inner}</a>
        ) : (
          <Link to={to}>{inner}</Link>
        )
      ) : (
        <div>{inner}</div>
      )}
    </li>
  )
}

/** The seconds by step, the longest first. */
function steps(by: Record<string, number> | undefined): string {
  const all = Object.entries(by ?? {}).sort((a, b) => b[1] - a[1])
  return all.length > 0 ? ` (${all.map(([name, s]) => `${name} ${duration(s)}`).join(', ')})` : ''
}
