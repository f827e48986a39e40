import { Skeleton } from '@mantine/core'
import { Link } from 'react-router'
import type { Schema } from '../../api/client'
import { useHistory } from '../../api/finding'
import { Icon, type IconName } from '../../kit/icon'
import { Panel } from '../../kit/page'
import { Failure } from '../../kit/state'
import { stamp, words } from '../../lib/format'
import css from './history.module.css'

const icons: Record<string, IconName> = {
  opened: 'plus',
  resolved: 'check',
  reopened: 'refresh',
  triaged: 'user',
  triage_removed: 'user',
  moved: 'right',
  joined: 'branch',
  changed: 'wrench',
}

/** What happened to the finding, the latest first: when it was so, and when Stance learned it. */
export function HistoryPanel({ id }: { id: string }) {
  const history = useHistory(id)
  return (
    <Panel title="History" id="history">
      {history.isPending ? (
        <Skeleton height={80} />
      ) : history.isError ? (
        <Failure what="the history" error={history.error} retry={() => history.refetch()} />
      ) : (
        <ol className={css.events}>
          {[...history.data.items].reverse().map((e, i, all) => (
            // The history only grows, so the place from its beginning names an entry.
            <Entry key={all.length - i} event={e} />
          ))}
        </ol>
      )}
    </Panel>
  )
}

function Entry({ event: e }: { event: Schema['Event'] }) {
  const late = Date.parse(e.recorded) - Date.parse(e.valid) > 60_000
  return (
    <li className={css.event} data-type={e.type}>
      <span className={css.icon}>
        <Icon name={icons[e.type] ?? 'dot'} size={12} />
      </span>
      <div className={css.words}>
        <div>
          <strong>{words(e.type)}</strong>
          {e.by && <> by {e.by}</>}
          {e.report_id && (
            <>
              {' · '}
              <Link to={`/imports/${e.report_id}`}>report</Link>
            </>
          )}
        </div>
        {e.detail && <div className={css.detail}>{e.detail}</div>}
        <div className={css.when}>
          <time dateTime={e.valid}>{stamp(e.valid)}</time>
          {late && (
            <>
              {' · learned '}
              <time dateTime={e.recorded}>{stamp(e.recorded)}</time>
            </>
          )}
        </div>
      </div>
    </li>
  )
}
