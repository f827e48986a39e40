import { Button } from '@mantine/core'
import { Link } from 'react-router'
import type { Overview } from '../../api/client'
import { useOverview } from '../../api/estate'
import { Icon } from '../../kit/icon'
import { useKeysWait } from '../../kit/keys'
import { Page, Panel } from '../../kit/page'
import { Command, Empty, Failure, LoadingPanels } from '../../kit/state'
import { ApplicationRows } from '../application/rows'
import { Figures } from './figures'
import { Notices } from './notices'
import css from './page.module.css'
import { TopFindings } from './top'

/** What matters now, for the whole estate. */
export function OverviewPage() {
  const overview = useOverview()
  useKeysWait(overview.isPending)
  return (
    <Page title="Overview">
      {overview.isPending ? (
        <LoadingPanels heights={[132, 320, 240]} />
      ) : overview.isError ? (
        <Failure what="the overview" error={overview.error} retry={() => overview.refetch()} />
      ) : isEmpty(overview.data) ? (
        <FirstSteps />
      ) : (
        <Full overview={overview.data} />
      )}
    </Page>
  )
}

const isEmpty = (o: Overview): boolean => o.total === 0 && o.findings === 0 && o.observations === 0

function Full({ overview: o }: { overview: Overview }) {
  return (
    <>
      <Notices overview={o} />
      <Figures overview={o} />
      <div className={css.columns}>
        <Panel title="Fix first" aside={<Link to="/findings">All open findings</Link>} flush>
          <TopFindings findings={o.top} />
        </Panel>
        <Panel
          title="Applications, the worst first"
          aside={<Link to="/applications">All {o.total}</Link>}
          flush
        >
          <ApplicationRows applications={o.applications.slice(0, 10)} brief />
        </Panel>
      </div>
    </>
  )
}

/** What to do when there is nothing yet. */
function FirstSteps() {
  return (
    <Panel>
      <Empty
        icon="import"
        title="Nothing imported yet"
        action={
          <Button component={Link} to="/imports" leftSection={<Icon name="import" size={14} />}>
            Import a report
          </Button>
        }
      >
        Stance starts with what your tools report. Whatever has not been scanned is unknown, not clean.
      </Empty>
      <ol className={css.steps}>
        <li>
          <h3>Look around</h3>
          <p>Fills Stance with a small made-up company, to try things out.</p>
          <Command>stance demo</Command>
        </li>
        <li>
          <h3>Bring in reports</h3>
          <p>SARIF, CycloneDX and the own formats of many scanners; the format is detected.</p>
          <Command>stance import report.sarif</Command>
        </li>
        <li>
          <h3>Fetch the facts</h3>
          <p>What is exploited and how likely: without these feeds, scores count them as unknown.</p>
          <Command>stance feed update</Command>
        </li>
      </ol>
    </Panel>
  )
}
