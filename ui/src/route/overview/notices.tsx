import type { ReactNode } from 'react'
import { Link } from 'react-router'
import type { Overview } from '../../api/client'
import { Icon, type IconName } from '../../kit/icon'
import { Command } from '../../kit/state'
import { useNow } from '../../kit/time'
import { age, plural } from '../../lib/format'
import css from './notices.module.css'
import { staleFeeds } from './stale'

/** What stands in the way of trusting the figures below, each with what to do. */
export function Notices({ overview: o }: { overview: Overview }) {
  const now = useNow()
  const missing = o.feeds.filter(f => f.missing)
  const stale = staleFeeds(o.feeds, now)
  if (missing.length + stale.length + o.held + o.unscanned === 0) return null
  return (
    <ul className={css.list} aria-label="What needs attention">
      {missing.length > 0 && (
        <Row
          icon="warning"
          warn
          title={`${missing.length === 1 ? 'A feed is' : `${missing.length} feeds are`} missing`}
          to="/settings"
          action="Feeds"
        >
          {listed(missing.map(f => f.title))}: scores count what they would say as unknown. Run{' '}
          <Command>stance feed update</Command>
        </Row>
      )}
      {stale.length > 0 && (
        <Row
          icon="clock"
          warn
          title={stale.length === 1 ? 'A feed is out of date' : `${stale.length} feeds are out of date`}
          to="/settings"
          action="Feeds"
        >
          {stale.map(f => `${f.title} (${age(f.as_of ?? '', now)} old)`).join(', ')}. Run{' '}
          <Command>stance feed update</Command>
        </Row>
      )}
      {o.held > 0 && (
        <Row
          icon="import"
          warn
          title={`${plural(o.held, 'report')} ${o.held === 1 ? 'waits' : 'wait'} for you`}
          to="/imports"
          action="Look"
        >
          Empty or much smaller than before: nothing is resolved until someone confirms.
        </Row>
      )}
      {o.unscanned > 0 && (
        <Row
          icon="help"
          title={`${plural(o.unscanned, 'asset')} never scanned`}
          to="/applications"
          action="Which?"
        >
          Their state is unknown; the figures don’t speak of them.
        </Row>
      )}
    </ul>
  )
}

/** The first names of a list, and how many more there are. */
function listed(names: readonly string[]): string {
  return names.length <= 4 ? names.join(', ') : `${names.slice(0, 3).join(', ')} and ${names.length - 3} more`
}

function Row(props: {
  icon: IconName
  warn?: boolean
  title: string
  to: string
  action: string
  children: ReactNode
}) {
  return (
    <li className={css.row} data-warn={props.warn || undefined}>
      <Icon name={props.icon} size={15} />
      <div className={css.words}>
        <strong>{props.title}</strong> <span>{props.children}</span>
      </div>
      <Link to={props.to} aria-label={`${props.action}: ${props.title}`}>
        {props.action}
      </Link>
    </li>
  )
}
