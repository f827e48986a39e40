import { Button } from '@mantine/core'
import { useState } from 'react'
import { Link, useNavigate, useParams } from 'react-router'
import type { FindingDetail } from '../../api/client'
import { useFinding, usePrefetchFinding } from '../../api/finding'
import { Copy } from '../../kit/copy'
import { Icon } from '../../kit/icon'
import { useKeys } from '../../kit/keys'
import { Page, Panel } from '../../kit/page'
import { Prose } from '../../kit/prose'
import { SeverityMark } from '../../kit/severity'
import { Failure, LoadingPanels } from '../../kit/state'
import { Key, kindIcon, StatusTag, Tag } from '../../kit/tag'
import { findingsURL } from '../../lib/filter'
import { words } from '../../lib/format'
import { shown } from '../../lib/score'
import { About, Branches, Decision } from './aside'
import { Component } from './component'
import css from './detail-page.module.css'
import { Flow } from './flow'
import { HistoryPanel } from './history'
import { Place } from './place'
import { References } from './reference'
import { ScorePanel } from './score-panel'
import { Tools } from './tools'
import { getTrail, neighbours } from './trail'
import { TriageDialog } from './triage'

/** Everything about one finding. */
export function FindingPage() {
  const { id = '' } = useParams()
  const [deciding, setDeciding] = useState('')
  const finding = useFinding(id)
  const navigate = useNavigate()
  const trail = getTrail()
  const back = { to: trail.search ? `/findings?${trail.search}` : '/findings', label: 'Findings' }
  const { previous, next } = neighbours(trail, id)
  usePrefetchFinding(next)
  const go = (to: string | undefined) => to && navigate(`/findings/${to}`, { replace: true })
  // Here and not on the loaded page, so that one can go on quickly while findings load.
  useKeys({
    j: () => go(next),
    ArrowRight: () => go(next),
    k: () => go(previous),
    ArrowLeft: () => go(previous),
    u: () => navigate(back.to),
  })
  // A decision needs what it is about to be seen, so its key waits.
  useKeys(finding.data ? { t: () => setDeciding(id) } : {}, { loading: finding.isPending })
  if (finding.isPending) {
    return (
      <Page title="Finding" back={back}>
        <LoadingPanels heights={[90, 220, 180, 240]} />
      </Page>
    )
  }
  if (finding.isError) {
    return (
      <Page title="Finding" back={back}>
        <Failure what="finding" error={finding.error} retry={() => finding.refetch()} />
      </Page>
    )
  }
  return (
    <>
      <Full key={id} finding={finding.data} back={back} decide={() => setDeciding(id)} />
      <TriageDialog findings={deciding === id ? [id] : []} close={() => setDeciding('')} />
    </>
  )
}

type Props = { finding: FindingDetail; back: { to: string; label: string }; decide: () => void }

function Full({ finding: f, back, decide }: Props) {
  const observed = f.observations.find(o => o.present) ?? f.observations[0]
  const description = f.check.description || observed?.message || ''
  return (
    <Page
      title={f.title}
      back={back}
      lead={<Lead finding={f} />}
      actions={
        <>
          <Steps id={f.id} />
          <Button onClick={decide} rightSection={<Key>t</Key>}>
            Decide…
          </Button>
        </>
      }
    >
      <div className={css.columns}>
        <div className={css.main}>
          {(f.fix || f.fix_versions?.length) && <WhatToDo finding={f} />}
          <Place location={f.location} observations={f.observations} />
          {f.component && (
            <Component component={f.component} fixes={f.fix_versions ?? []} fixable={f.fixable} />
          )}
          {observed?.flow && observed.flow.length > 0 && <Flow steps={observed.flow} tool={observed.tool} />}
          {(description || f.check.help) && (
            <Panel title="What it is">
              {description && <Prose text={description} />}
              {f.check.help && f.check.help !== description && f.check.help !== f.fix && (
                <details className={css.help}>
                  <summary>More from {observed?.tool ?? 'the tool'}</summary>
                  <Prose text={f.check.help} />
                </details>
              )}
            </Panel>
          )}
          <Tools observations={f.observations} />
          <References finding={f} />
          <HistoryPanel id={f.id} />
        </div>
        <div className={css.aside}>
          <ScorePanel explanation={f.explanation} />
          <Decision finding={f} decide={decide} />
          <About finding={f} />
          <Branches refs={f.refs} />
        </div>
      </div>
    </Page>
  )
}

function Lead({ finding: f }: { finding: FindingDetail }) {
  return (
    <div className={css.lead}>
      <StatusTag status={f.status} />
      <a href="#score" className={css.risk} title="Why this score">
        Risk {shown(f.score)}
      </a>
      <SeverityMark severity={f.severity} />
      <span className={css.with}>
        <Icon name={kindIcon[f.kind]} size={13} /> {words(f.kind)}
      </span>
      {f.kev && (
        <Tag tone="bad" icon="flame" title="In CISA’s catalogue of known exploited vulnerabilities">
          Known exploited
        </Tag>
      )}
      <span>
        {f.application ? (
          <Link to={`/applications/${encodeURIComponent(f.application)}`}>{f.application}</Link>
        ) : (
          'unassigned'
        )}
        {' / '}
        <Link to={findingsURL({ asset: [f.asset_id] })}>{f.asset}</Link>
      </span>
    </div>
  )
}

/** Ways to the neighbours in the list that the finding was opened from. */
function Steps({ id }: { id: string }) {
  const { previous, next, position } = neighbours(getTrail(), id)
  if (position < 0) return null
  const step = (to: string | undefined, label: string, icon: 'left' | 'right') =>
    to ? (
      <Button component={Link} to={`/findings/${to}`} replace variant="default" px={8} aria-label={label}>
        <Icon name={icon} size={14} />
      </Button>
    ) : (
      <Button variant="default" px={8} disabled aria-label={label}>
        <Icon name={icon} size={14} />
      </Button>
    )
  return (
    <Button.Group>
      {step(previous, 'Previous finding of the list', 'left')}
      {step(next, 'Next finding of the list', 'right')}
    </Button.Group>
  )
}

function WhatToDo({ finding: f }: { finding: FindingDetail }) {
  const fix = f.fix_versions?.[0]
  return (
    <Panel title="What to do">
      {fix && f.component && (
        <p className={css.upgrade}>
          Upgrade <code>{f.component.name}</code>
          {f.component.version && (
            <>
              {' '}
              from <code>{f.component.version}</code>
            </>
          )}{' '}
          to <code className={css.good}>{fix}</code>
          <Copy text={fix} label="Copy the version" />
          {f.fix_versions && f.fix_versions.length > 1 && (
            <span className="muted">or {f.fix_versions.slice(1).join(', ')}</span>
          )}
        </p>
      )}
      {f.fix && <Prose text={f.fix} />}
    </Panel>
  )
}
