import { Button } from '@mantine/core'
import { useState } from 'react'
import { Link, useNavigate, useSearchParams } from 'react-router'
import type { Report } from '../../api/client'
import { useReports } from '../../api/report'
import { useKeys } from '../../kit/keys'
import { Page, Panel } from '../../kit/page'
import { Command, Empty, Failure, LoadingRows } from '../../kit/state'
import { Ago } from '../../kit/time'
import { bytes, count } from '../../lib/format'
import css from './list-page.module.css'
import { StateTag } from './state-tag'
import { Upload } from './upload'

/** The reports that came in, and a place to bring in more. */
export function ImportsPage() {
  const [query] = useSearchParams()
  const reports = useReports()
  const [cursor, setCursor] = useState(-1)
  const navigate = useNavigate()
  const rows = reports.data?.pages.flatMap(p => p.items) ?? []
  const move = (by: number) => {
    const at = Math.max(0, Math.min(rows.length - 1, cursor + by))
    setCursor(at)
    document.querySelector<HTMLElement>(`[data-report="${at}"] a`)?.focus()
  }
  useKeys(
    {
      j: () => move(1),
      ArrowDown: () => move(1),
      k: () => move(-1),
      ArrowUp: () => move(-1),
      Enter: () => rows[cursor] && navigate(`/imports/${rows[cursor].id}`),
    },
    { loading: reports.isPending },
  )
  return (
    <Page title="Imports" lead="Reports of your tools, in their own formats, plain or compressed.">
      <Upload application={query.get('application') ?? ''} />
      <Panel title="Reports" flush>
        {reports.isPending ? (
          <LoadingRows rows={5} />
        ) : reports.isError && rows.length === 0 ? (
          <Failure what="the reports" error={reports.error} retry={() => reports.refetch()} />
        ) : rows.length === 0 ? (
          <Empty icon="import" title="No reports yet">
            Drop a file above, or send one from a pipeline: <Command>stance import report.sarif</Command>
          </Empty>
        ) : (
          <ul className={css.list}>
            {rows.map((r, i) => (
              <Row key={r.id} report={r} index={i} active={i === cursor} onFocus={() => setCursor(i)} />
            ))}
          </ul>
        )}
        {reports.hasNextPage && (
          <div className={css.more}>
            <Button
              variant="default"
              loading={reports.isFetchingNextPage}
              onClick={() => reports.fetchNextPage()}
            >
              Show older reports
            </Button>
          </div>
        )}
      </Panel>
    </Page>
  )
}

function Row({
  report: r,
  index,
  active,
  onFocus,
}: {
  report: Report
  index: number
  active: boolean
  onFocus: () => void
}) {
  return (
    <li className={css.row} data-report={index} data-active={active || undefined}>
      <div className={css.main}>
        <Link to={`/imports/${r.id}`} className={css.name} onFocus={onFocus}>
          {r.name || r.digest.slice(0, 19)}
        </Link>
        <div className={css.sub}>
          {[r.application || 'unassigned', r.asset, r.ref].filter(Boolean).join(' / ')}
        </div>
      </div>
      <div className={css.format}>
        <span>{r.tools.join(', ') || r.format || 'format not known yet'}</span>
        <span className="muted">
          {[r.tools.length > 0 && r.format, bytes(r.size), r.scope === 'part' && 'a part']
            .filter(Boolean)
            .join(' · ')}
        </span>
      </div>
      <div className={css.result}>
        <StateTag report={r} />
        <span className="muted">{outcome(r)}</span>
      </div>
      <div className={css.when}>
        <Ago at={r.received} />
      </div>
    </li>
  )
}

/** What a report did, in few words. */
function outcome(r: Report): string {
  if (r.duplicate_of) return 'same as an earlier one'
  if (r.state === 'failed') return r.reason ?? ''
  if (r.state === 'accepted' || r.state === 'applying')
    return r.progress.records > 0 ? `${count(r.progress.records)} records so far` : r.progress.phase
  if (r.state === 'held') return `${count(r.result.would_resolve)} would be resolved`
  const { new: fresh, resolved, reopened, changed, quarantined } = r.result
  const parts = [
    fresh > 0 && `${count(fresh)} new`,
    reopened > 0 && `${count(reopened)} reopened`,
    resolved > 0 && `${count(resolved)} resolved`,
    changed > 0 && `${count(changed)} changed`,
    quarantined > 0 && `${count(quarantined)} unreadable`,
  ].filter(Boolean)
  return parts.length > 0 ? parts.join(', ') : 'nothing changed'
}
