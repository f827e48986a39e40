import { Button } from '@mantine/core'
import { Link, useParams } from 'react-router'
import type { Report } from '../../api/client'
import { isSettled, useConfirm, useFollow, useReport } from '../../api/report'
import { Copy } from '../../kit/copy'
import { Facts, Page, Panel } from '../../kit/page'
import { Failure, LoadingPanels, Notice } from '../../kit/state'
import { Tag } from '../../kit/tag'
import { Ago } from '../../kit/time'
import { toast } from '../../kit/toast'
import { bytes, count, digest, plural, words } from '../../lib/format'
import css from './detail-page.module.css'
import { ProgressPanel } from './progress'
import { Quarantine } from './quarantine'
import { ResultPanel } from './result'
import { StateTag } from './state-tag'

const back = { to: '/imports', label: 'Imports' }

/** One report: how far it has come, what it changed, and what could not be read. */
export function ImportPage() {
  const { id = '' } = useParams()
  const report = useReport(id)
  useFollow(id, report.data !== undefined && !isSettled(report.data))
  if (report.isPending) {
    return (
      <Page title="Report" back={back}>
        <LoadingPanels heights={[150, 160]} />
      </Page>
    )
  }
  if (report.isError) {
    return (
      <Page title="Report" back={back}>
        <Failure what="report" error={report.error} retry={() => report.refetch()} />
      </Page>
    )
  }
  return <Full report={report.data} />
}

function Full({ report: r }: { report: Report }) {
  return (
    <Page
      title={r.name || 'Report'}
      back={back}
      lead={
        <span className={css.lead}>
          <StateTag report={r} />
          <span>
            came <Ago at={r.received} />
            {r.by && ` from ${r.by}`}
          </span>
        </span>
      }
    >
      {r.state === 'held' && <Held report={r} />}
      {r.state === 'failed' && (
        <Notice tone="bad" title="This report could not be applied">
          {r.reason || 'The server gave no reason.'} Its bytes are kept; nothing was changed by it.
        </Notice>
      )}
      {r.state === 'applied' && r.reason && (
        <Notice tone="good" title={words(r.reason)}>
          {r.result.would_resolve > 0 &&
            `${plural(r.result.would_resolve, 'finding')} that it no longer has ${r.result.would_resolve === 1 ? 'was' : 'were'} resolved then.`}
        </Notice>
      )}
      {r.duplicate_of && (
        <Notice
          tone="info"
          title="The same bytes were imported before for this target"
          action={
            <Button component={Link} to={`/imports/${r.duplicate_of}`} variant="default" size="compact-xs">
              The first one
            </Button>
          }
        >
          So this one changed nothing.
        </Notice>
      )}
      <div className={css.columns}>
        <div className={css.main}>
          {isSettled(r) ? r.state !== 'failed' && <ResultPanel report={r} /> : <ProgressPanel report={r} />}
          {r.result.quarantined > 0 && <Quarantine report={r} />}
        </div>
        <About report={r} />
      </div>
    </Page>
  )
}

/** Explains why nothing is resolved yet, and lets a person say that the report is right. */
function Held({ report: r }: { report: Report }) {
  const confirm = useConfirm(r.id)
  return (
    <Notice
      tone="warn"
      title="Held: this full scan has much less than the one before"
      action={
        <Button
          loading={confirm.isPending}
          onClick={() =>
            confirm.mutate(undefined, {
              onSuccess: () => toast('Confirmed. What it no longer reports is resolved.'),
              onError: e => toast(e.message, true),
            })
          }
        >
          Confirm: resolve {count(r.result.would_resolve)}
        </Button>
      }
    >
      {r.reason && <p>{words(r.reason)}.</p>}
      What it reports is applied. {plural(r.result.would_resolve, 'finding')} that it no longer has{' '}
      {r.result.would_resolve === 1 ? 'stays' : 'stay'} open, because a broken or cut scan looks just the
      same. Confirm if so much was really mended; otherwise scan again.
    </Notice>
  )
}

function About({ report: r }: { report: Report }) {
  return (
    <Panel title="About">
      <Facts
        rows={[
          [
            'Application',
            r.application ? (
              <Link key="a" to={`/applications/${encodeURIComponent(r.application)}`}>
                {r.application}
              </Link>
            ) : (
              'unassigned'
            ),
          ],
          [
            'Asset',
            `${r.asset || 'not known yet'}${r.asset_kind ? ` (${r.asset_kind.replace('_', ' ')})` : ''}`,
          ],
          ['Branch', r.ref || <span className="muted">none given</span>],
          r.commit && ['Commit', <code key="c">{r.commit.slice(0, 12)}</code>],
          ['Covers', r.scope === 'full' ? 'all of the asset' : <Tag key="s">a part: resolves nothing</Tag>],
          ['Tools', r.tools.join(', ') || <span className="muted">not known yet</span>],
          [
            'Format',
            r.format ? (
              `${r.format}${r.confidence ? ` (${r.confidence}% sure)` : ''}`
            ) : (
              <span className="muted">not known yet</span>
            ),
          ],
          [
            'Scanned',
            r.scanned_at ? (
              <Ago key="t" at={r.scanned_at} />
            ) : (
              <span className="muted">the report does not say</span>
            ),
          ],
          ['Size', bytes(r.size)],
          [
            'SHA-256',
            <span key="d" className={css.digest}>
              <code>{digest(r.digest)}…</code>
              <Copy text={r.digest} label="Copy the digest" />
            </span>,
          ],
          [
            'File',
            <a key="f" href={`/api/v1/reports/${encodeURIComponent(r.id)}/raw`} download={r.name || 'report'}>
              download as it came
            </a>,
          ],
        ]}
      />
    </Panel>
  )
}
