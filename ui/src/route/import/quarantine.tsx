import { Skeleton } from '@mantine/core'
import type { Report } from '../../api/client'
import { useQuarantine } from '../../api/report'
import { Raw } from '../../kit/code'
import { Panel } from '../../kit/page'
import { Failure } from '../../kit/state'
import { count } from '../../lib/format'
import css from './quarantine.module.css'

/** The parts that could not be read: nothing of a report is dropped silently. */
export function Quarantine({ report }: { report: Report }) {
  const parts = useQuarantine(report.id, true)
  return (
    <Panel title="Could not be read" aside="The rest of the report counts all the same" id="quarantine" flush>
      {parts.isPending ? (
        <Skeleton height={60} m={16} />
      ) : parts.isError ? (
        <Failure what="the quarantine" error={parts.error} retry={() => parts.refetch()} />
      ) : (
        <>
          {parts.data.items.map(q => (
            <details key={`${q.record}/${q.offset}/${q.pointer}`} className={css.part}>
              <summary>
                <span className={css.reason}>{q.reason}</span>
                <span className={css.where}>
                  record {count(q.record)}, byte {count(q.offset)} {q.pointer && <code>{q.pointer}</code>}
                </span>
              </summary>
              {q.raw ? (
                <Raw text={q.raw} label={`Record ${q.record}`} />
              ) : (
                <p className="muted">Its text was not kept.</p>
              )}
            </details>
          ))}
          {parts.data.total > parts.data.items.length && (
            <p className={css.more}>
              and {count(parts.data.total - parts.data.items.length)} more, of which the first are shown
            </p>
          )}
        </>
      )}
    </Panel>
  )
}
