import { useState } from 'react'
import { Link } from 'react-router'
import type { Component } from '../../api/inventory'
import { Icon } from '../../kit/icon'
import { Tag } from '../../kit/tag'
import { Ago } from '../../kit/time'
import { count } from '../../lib/format'
import { fullName } from './question'
import css from './rows.module.css'
import { Use } from './use'

type Props = {
  components: readonly Component[]
  active: number
  onFocus: (i: number) => void
}

/** Components in rows; one opens to show how the asset comes to it. */
export function ComponentRows({ components, active, onFocus }: Props) {
  return (
    <ul className={css.list}>
      {components.map((c, i) => (
        <Row key={keyOf(c, i)} component={c} index={i} active={i === active} onFocus={() => onFocus(i)} />
      ))}
    </ul>
  )
}

/** A document may list a component twice in the same words: the place in the list tells them apart. */
const keyOf = (c: Component, i: number) => `${c.asset_id} ${c.ref} ${c.tool} ${c.reference ?? c.purl} ${i}`

function Row(props: { component: Component; index: number; active: boolean; onFocus: () => void }) {
  const { component: c, index, active, onFocus } = props
  const [open, setOpen] = useState(false)
  return (
    <li className={css.item} data-component={index} data-active={active || undefined}>
      <div className={css.row}>
        <div className={css.main}>
          <button
            type="button"
            className={css.name}
            aria-expanded={open}
            onClick={() => setOpen(!open)}
            onFocus={onFocus}
            title={c.purl}
          >
            <span className={css.turn} data-open={open || undefined}>
              <Icon name="right" size={12} />
            </span>
            <span className={css.clip}>{fullName(c)}</span>
          </button>
          <div className={css.sub}>
            {[c.ecosystem, c.licences.join(', '), c.scope].filter(Boolean).join(' · ') ||
              'nothing more is said'}
          </div>
        </div>
        <div className={css.version}>
          <code>{c.version || 'no version'}</code>
          {c.direct !== undefined && (
            <Tag tone={c.direct ? 'accent' : 'plain'}>{c.direct ? 'direct' : 'transitive'}</Tag>
          )}
        </div>
        <div className={css.where}>
          {c.application ? (
            <Link to={`/applications/${encodeURIComponent(c.application)}`} className={css.clip}>
              {c.application}
            </Link>
          ) : (
            <span className="muted">unassigned</span>
          )}
          <span className={css.sub}>{[c.asset, c.ref].filter(Boolean).join(' / ')}</span>
        </div>
        <div className={css.open}>
          {c.open_findings > 0 ? (
            <Link to={`/findings?${new URLSearchParams({ component: c.name, asset: c.asset_id })}`}>
              {count(c.open_findings)} open
            </Link>
          ) : (
            <span className="muted">none open</span>
          )}
        </div>
        <div className={css.when}>
          <Ago at={c.seen} />
          <span className={css.sub}>{c.tool}</span>
        </div>
      </div>
      {open && <Use component={c} />}
    </li>
  )
}
