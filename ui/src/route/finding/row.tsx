import { Checkbox } from '@mantine/core'
import { memo } from 'react'
import { Link } from 'react-router'
import type { Finding } from '../../api/client'
import { Icon } from '../../kit/icon'
import { Score } from '../../kit/score'
import { SeverityMark } from '../../kit/severity'
import { kindIcon, StatusTag, Tag } from '../../kit/tag'
import { Ago } from '../../kit/time'
import { words } from '../../lib/format'
import css from './row.module.css'

type Props = {
  finding: Finding
  active: boolean
  selected: boolean
  /** Some row is selected, so all show their boxes. */
  selecting: boolean
  toggle: (id: string) => void
  onFocus: () => void
}

/** One finding in the list; the whole row is its link. */
export const FindingRow = memo(function FindingRow({
  finding: f,
  active,
  selected,
  selecting,
  toggle,
  onFocus,
}: Props) {
  return (
    <div
      className={css.row}
      data-active={active || undefined}
      data-selected={selected || undefined}
      data-selecting={selecting || undefined}
    >
      <span className={css.check}>
        <Checkbox checked={selected} onChange={() => toggle(f.id)} aria-label={`Select ${f.title}`} />
      </span>
      <Score score={f.score} />
      <div className={css.main}>
        <div className={css.line}>
          <Link to={`/findings/${f.id}`} className={css.title} title={f.title} onFocus={onFocus}>
            {f.title}
          </Link>
          <Badges finding={f} />
        </div>
        <div className={css.sub}>
          <SeverityMark severity={f.severity} />
          <span className={css.kind} title={words(f.kind)}>
            <Icon name={kindIcon[f.kind]} size={13} />
            <span className="hidden">{words(f.kind)}</span>
          </span>
          <span className={css.place} title={f.place}>
            {/* Isolated, so that a long place loses its start and keeps its end. */}
            <bdi>{f.place}</bdi>
          </span>
        </div>
        <div className={css.narrow}>
          <Badges finding={f} />
          <Where finding={f} />
          <Ago at={f.first_seen} />
        </div>
      </div>
      <div className={css.where}>
        <Where finding={f} />
      </div>
      <div className={css.tools}>
        {f.tools.slice(0, 2).map(t => (
          <Tag key={t}>{t}</Tag>
        ))}
        {f.tools.length > 2 && <Tag title={f.tools.slice(2).join(', ')}>+{f.tools.length - 2}</Tag>}
      </div>
      <div className={css.age}>
        <Ago at={f.first_seen} brief />
      </div>
    </div>
  )
})

function Badges({ finding: f }: { finding: Finding }) {
  return (
    <span className={css.badges}>
      {f.status !== 'open' && <StatusTag status={f.status} />}
      {f.kev && (
        <Tag tone="bad" icon="flame" title="Known to be exploited (CISA KEV)">
          KEV
        </Tag>
      )}
      {f.fixable && (
        <Tag tone="good" icon="wrench" title="A version or change that resolves it is known">
          Fix
        </Tag>
      )}
    </span>
  )
}

function Where({ finding: f }: { finding: Finding }) {
  return (
    <>
      <span className={css.application}>{f.application || 'unassigned'}</span>
      <span className={css.asset} title={f.asset}>
        {f.asset}
      </span>
    </>
  )
}
