import { Button } from '@mantine/core'
import { useState } from 'react'
import { Link, useParams } from 'react-router'
import type { ApplicationDetail } from '../../api/client'
import { useApplication } from '../../api/estate'
import { Icon } from '../../kit/icon'
import { useKeys } from '../../kit/keys'
import { Facts, Page, Panel } from '../../kit/page'
import { Score } from '../../kit/score'
import { SeverityBar, SeverityTally } from '../../kit/severity'
import { Empty, Failure, LoadingPanels, Notice } from '../../kit/state'
import { Tag } from '../../kit/tag'
import { Ago } from '../../kit/time'
import { findingsURL } from '../../lib/filter'
import { count, plural, words } from '../../lib/format'
import { tallySum } from '../../lib/severity'
import { Assets } from './assets'
import css from './detail-page.module.css'
import { EditApplication } from './edit'
import { Gates } from './gates'

const back = { to: '/applications', label: 'Applications' }

/** One application: how it stands, whether it may pass, and what it is made of. */
export function ApplicationPage() {
  const { key = '' } = useParams()
  const application = useApplication(key)
  if (application.isPending) {
    return (
      <Page title={key} back={back}>
        <LoadingPanels heights={[120, 160, 260]} />
      </Page>
    )
  }
  if (application.isError) {
    return (
      <Page title={key} back={back}>
        <Failure what="application" error={application.error} retry={() => application.refetch()} />
      </Page>
    )
  }
  return <Full application={application.data} />
}

function Full({ application: a }: { application: ApplicationDetail }) {
  const [editing, setEditing] = useState(false)
  useKeys({ e: () => setEditing(true) })
  const findings = findingsURL({ application: [a.key] })
  return (
    <Page
      title={a.name}
      back={back}
      lead={a.description}
      actions={
        <>
          <Button
            component={Link}
            to={`/imports?application=${encodeURIComponent(a.key)}`}
            variant="default"
            leftSection={<Icon name="import" size={14} />}
          >
            Import a report
          </Button>
          <Button component={Link} to={findings}>
            Open findings
          </Button>
        </>
      }
    >
      {a.unscanned > 0 && a.last_scan && (
        <Notice tone="info" title={`${plural(a.unscanned, 'asset')} never scanned`}>
          Their state is unknown; the figures here don’t speak of them.
        </Notice>
      )}
      <div className={css.columns}>
        <div className={css.main}>
          <Panel
            title="Open findings"
            aside={
              a.urgent > 0 && (
                <Link to={findingsURL({ application: [a.key], priority: ['now'] })}>
                  {count(a.urgent)} to do now
                </Link>
              )
            }
          >
            {a.last_scan ? (
              <div className={css.figures}>
                <Link to={findings} className={css.big}>
                  {count(tallySum(a.open))}
                </Link>
                <div className={css.tally}>
                  <SeverityBar tally={a.open} />
                  <SeverityTally
                    tally={a.open}
                    link={s => findingsURL({ application: [a.key], severity: [s] })}
                  />
                </div>
                <div className={css.score}>
                  <span className="muted">Highest risk</span>
                  <Score score={a.max_score} />
                </div>
              </div>
            ) : (
              <Empty icon="help" title="Unknown">
                No scan ever reached this application. That is not the same as having no findings.
              </Empty>
            )}
          </Panel>
          <Gates application={a.key} />
          <Assets application={a} />
        </div>
        <div className={css.aside}>
          <Panel
            title="Context"
            aside={
              <Button variant="subtle" size="compact-xs" onClick={() => setEditing(true)}>
                Edit
              </Button>
            }
          >
            <ContextFacts application={a} />
          </Panel>
        </div>
      </div>
      <EditApplication application={a} opened={editing} close={() => setEditing(false)} />
    </Page>
  )
}

function ContextFacts({ application: a }: { application: ApplicationDetail }) {
  const c = a.context
  const known = (v: string | undefined) => (v && v !== 'unknown' ? words(v) : <Tag tone="warn">unknown</Tag>)
  return (
    <>
      <Facts
        rows={[
          ['Criticality', known(c.criticality)],
          ['Reached from', known(c.exposure)],
          ['Environment', known(c.environment)],
          [
            'Data',
            c.data_classes.length > 0 ? (
              <span key="d" className={css.tags}>
                {c.data_classes.map(d => (
                  <Tag key={d} tone="accent">
                    {d}
                  </Tag>
                ))}
              </span>
            ) : (
              <Tag tone="warn">unknown</Tag>
            ),
          ],
          ['Owner team', a.owner || <Tag tone="warn">nobody</Tag>],
          ['Business unit', a.unit || <span className="muted">none</span>],
          ['Last scan', <Ago key="l" at={a.last_scan} />],
          ['Key', <code key="k">{a.key}</code>],
        ]}
      />
      <p className={css.note}>
        What is known here moves the scores of all its findings. Unknown counts as unknown, not as harmless.
      </p>
    </>
  )
}
