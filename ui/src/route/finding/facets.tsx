import { Skeleton, UnstyledButton } from '@mantine/core'
import type { UseQueryResult } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import type { Finding, Schema, Severity } from '../../api/client'
import { Icon } from '../../kit/icon'
import { SeverityMark } from '../../kit/severity'
import { kindIcon } from '../../kit/tag'
import { type ManyField, toggled, type View } from '../../lib/filter'
import { count, short } from '../../lib/format'
import { inOrder } from '../../lib/severity'
import css from './facets.module.css'
import { labelOf } from './label'

type Props = {
  view: View
  setView: (v: View) => void
  facets: UseQueryResult<Schema['Facets']>
}

const groups: readonly { field: ManyField; title: string }[] = [
  { field: 'severity', title: 'Severity' },
  { field: 'priority', title: 'Priority' },
  { field: 'kind', title: 'Kind' },
  { field: 'application', title: 'Application' },
  { field: 'tool', title: 'Tool' },
]

/** How many values of a field are shown before the rest is asked for. */
const few = 7

/** The values of each field with how many findings have them. */
export function FacetPanel({ view, setView, facets }: Props) {
  if (facets.isPending) return <Loading />
  if (facets.isError) {
    return (
      <div className={css.failed} role="alert">
        The counts can’t be shown.{' '}
        <UnstyledButton className={css.more} onClick={() => facets.refetch()}>
          Try again
        </UnstyledButton>
      </div>
    )
  }
  const { fields, exact } = facets.data
  return (
    <div className={css.panel} data-stale={facets.isPlaceholderData || undefined}>
      <YesNo title="Known exploited" field="kev" values={fields.kev} view={view} setView={setView} />
      <YesNo title="Fix known" field="fixable" values={fields.fixable} view={view} setView={setView} />
      {groups.map(g => (
        <Group
          key={g.field}
          {...g}
          values={ordered(g.field, fields[g.field] ?? [], view)}
          view={view}
          setView={setView}
          facets={facets.data}
        />
      ))}
      {!exact && (
        <p className={css.note}>There are so many findings that the counts are of a part of them.</p>
      )}
    </div>
  )
}

/** The values in their order; what is chosen is always there, counted or not. */
function ordered(
  field: ManyField,
  values: readonly Schema['FacetValue'][],
  view: View,
): Schema['FacetValue'][] {
  const missing = view[field]
    .filter(v => !values.some(x => x.value === v))
    .map(value => ({ value, count: 0 }))
  return inOrder(
    field,
    [...values, ...missing].filter(v => v.value !== ''), // nothing to filter by
  )
}

function Group(props: {
  field: ManyField
  title: string
  values: readonly Schema['FacetValue'][]
  view: View
  setView: (v: View) => void
  facets: Schema['Facets']
}) {
  const { field, title, values, view, setView, facets } = props
  const [all, setAll] = useState(false)
  if (values.length === 0) return null
  const shown = all ? values : values.filter((v, i) => i < few || view[field].includes(v.value))
  return (
    <fieldset className={css.group}>
      <legend className={css.title}>{title}</legend>
      {shown.map(v => (
        <Value
          key={v.value}
          on={view[field].includes(v.value)}
          count={v.count}
          toggle={() => setView(toggled(view, field, v.value))}
        >
          {field === 'severity' ? (
            <SeverityMark severity={v.value as Severity} />
          ) : (
            <>
              {field === 'kind' && <Icon name={kindIcon[v.value as Finding['kind']] ?? 'dot'} size={14} />}
              <span className="clip">{labelOf(field, v.value, facets)}</span>
            </>
          )}
        </Value>
      ))}
      {values.length > few && (
        <UnstyledButton className={css.more} onClick={() => setAll(!all)} aria-expanded={all}>
          {all ? 'Show fewer' : `Show all ${values.length}`}
        </UnstyledButton>
      )}
    </fieldset>
  )
}

function YesNo(props: {
  title: string
  field: 'kev' | 'fixable'
  values: readonly Schema['FacetValue'][] | undefined
  view: View
  setView: (v: View) => void
}) {
  const { title, field, values, view, setView } = props
  const on = view[field] === 'true'
  return (
    <Value
      on={on}
      count={values?.find(v => v.value === 'true')?.count ?? 0}
      toggle={() => setView({ ...view, [field]: on ? '' : 'true' })}
    >
      <Icon name={field === 'kev' ? 'flame' : 'wrench'} size={14} />
      {title}
    </Value>
  )
}

function Value(props: { on: boolean; count: number; toggle: () => void; children: ReactNode }) {
  return (
    <UnstyledButton className={css.value} role="checkbox" aria-checked={props.on} onClick={props.toggle}>
      <span className={css.box} aria-hidden="true">
        {props.on && <Icon name="check" size={10} />}
      </span>
      <span className={css.label}>{props.children}</span>
      <span className={css.count} title={count(props.count)}>
        {short(props.count)}
      </span>
    </UnstyledButton>
  )
}

function Loading() {
  return (
    <div role="status" aria-label="Loading filters" className={css.panel}>
      {[90, 60, 120, 80, 110, 70, 100, 60, 90].map((w, i) => (
        <Skeleton key={i} width={w} height={11} my={9} />
      ))}
    </div>
  )
}
