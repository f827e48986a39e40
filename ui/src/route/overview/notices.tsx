import { Button } from '@mantine/core'
import { Link } from 'react-router'
import type { Overview } from '../../api/client'
import { Command, Notice } from '../../kit/state'
import { useNow } from '../../kit/time'
import { age, plural } from '../../lib/format'
import { staleFeeds } from './stale'

/** What stands in the way of trusting the figures below, each with what to do. */
export function Notices({ overview: o }: { overview: Overview }) {
  const now = useNow()
  const missing = o.feeds.filter(f => f.missing)
  const stale = staleFeeds(o.feeds, now)
  const names = (feeds: typeof missing) => feeds.map(f => f.title).join(', ')
  return (
    <>
      {missing.length > 0 && (
        <Notice
          tone="warn"
          title={`${missing.length === 1 ? 'A feed is' : `${missing.length} feeds are`} missing: ${names(missing)}`}
          action={
            <Button component={Link} to="/settings" variant="default" size="compact-xs">
              Feeds
            </Button>
          }
        >
          Scores count what they would say as unknown. Run <Command>stance feed update</Command>, or upload
          the files.
        </Notice>
      )}
      {stale.length > 0 && (
        <Notice
          tone="warn"
          title={`Out of date: ${stale.map(f => `${f.title} (${age(f.as_of ?? '', now)} old)`).join(', ')}`}
          action={
            <Button component={Link} to="/settings" variant="default" size="compact-xs">
              Feeds
            </Button>
          }
        >
          What became exploited since then is not in the scores. Run <Command>stance feed update</Command>.
        </Notice>
      )}
      {o.held > 0 && (
        <Notice
          tone="warn"
          title={`${plural(o.held, 'report')} ${o.held === 1 ? 'waits' : 'wait'} for you`}
          action={
            <Button component={Link} to="/imports" variant="default" size="compact-xs">
              Look at {o.held === 1 ? 'it' : 'them'}
            </Button>
          }
        >
          Much smaller than before, or empty: nothing is resolved by {o.held === 1 ? 'it' : 'them'} until
          someone confirms.
        </Notice>
      )}
      {o.unscanned > 0 && (
        <Notice
          tone="info"
          title={`${plural(o.unscanned, 'asset')} ${o.unscanned === 1 ? 'was' : 'were'} never scanned`}
          action={
            <Button component={Link} to="/applications" variant="default" size="compact-xs">
              Which?
            </Button>
          }
        >
          Their state is unknown. They are not part of the figures below.
        </Notice>
      )}
    </>
  )
}
