import { Loader } from '@mantine/core'
import type { Report } from '../../api/client'
import { Panel } from '../../kit/page'
import { bytes, count } from '../../lib/format'
import css from './progress.module.css'

const phases = ['waiting', 'decoding', 'matching', 'writing', 'done'] as const
const sentences: Record<string, string> = {
  waiting: 'Waiting for its turn',
  decoding: 'Reading the records',
  matching: 'Finding out which findings they belong to',
  writing: 'Writing down what changed',
}

/** How far a report has come, live. */
export function ProgressPanel({ report: r }: { report: Report }) {
  const at = Math.max(0, phases.indexOf(r.progress.phase as (typeof phases)[number]))
  return (
    <Panel title="Being applied">
      <div className={css.now} role="status">
        <Loader size={16} />
        <strong>{sentences[r.progress.phase] ?? r.progress.phase}</strong>
        <span className="muted">
          {count(r.progress.records)} records, {bytes(r.progress.read)} read
        </span>
      </div>
      <ol className={css.phases} aria-hidden="true">
        {phases.slice(0, -1).map((p, i) => (
          <li key={p} data-state={i < at ? 'past' : i === at ? 'now' : 'ahead'}>
            <span className={css.line} />
            {p}
          </li>
        ))}
      </ol>
      <p className={css.note}>The file is stored safely; you may leave this page.</p>
    </Panel>
  )
}
