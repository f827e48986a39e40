import { UnstyledButton } from '@mantine/core'
import type { Schema } from '../../api/client'
import { Icon } from '../../kit/icon'
import {
  emptyView,
  type ManyField,
  manyFields,
  narrowing,
  type OneField,
  oneFields,
  toggled,
  type View,
} from '../../lib/filter'
import { date, words } from '../../lib/format'
import { statusGroups } from '../../lib/severity'
import css from './chips.module.css'
import { labelOf } from './label'

const names: Record<ManyField | OneField, string> = {
  application: 'Application',
  asset: 'Asset',
  status: 'Status',
  severity: 'Severity',
  priority: 'Priority',
  kind: 'Kind',
  tool: 'Tool',
  cwe: 'Weakness',
  advisory: 'Advisory',
  component: 'Component',
  check: 'Check',
  path: 'Path',
  ref: 'Branch',
  kev: 'Known exploited',
  fixable: 'Fix known',
  min_score: 'Score at least',
  q: 'Text',
  report: 'Report',
  change: 'Change',
  since: 'First seen since',
}

/** What narrows the list, each with a way to take it off. The search text and plain groups of states show elsewhere. */
export function Chips({
  view,
  setView,
  facets,
}: {
  view: View
  setView: (v: View) => void
  facets: Schema['Facets'] | undefined
}) {
  const grouped = statusGroups.some(
    g => g.statuses.length === view.status.length && g.statuses.every(s => view.status.includes(s)),
  )
  const many = manyFields
    .filter(f => f !== 'status' || !grouped)
    .flatMap(f =>
      view[f].map(v => ({
        key: `${f}=${v}`,
        name: names[f],
        value: labelOf(f, v, facets),
        without: toggled(view, f, v),
      })),
    )
  const one = oneFields
    .filter(f => f !== 'q' && view[f] !== '')
    .map(f => ({ key: f, name: names[f], value: oneWord(f, view[f]), without: { ...view, [f]: '' } }))
  const chips = [...many, ...one]
  if (chips.length === 0) return null
  return (
    <div className={css.chips}>
      {chips.map(c => (
        <span key={c.key} className={css.chip}>
          <span className="clip">
            <span className={css.name}>{c.name}</span> {c.value}
          </span>
          <UnstyledButton
            className={css.close}
            onClick={() => setView(c.without)}
            aria-label={`Remove filter ${c.name} ${c.value}`}
          >
            <Icon name="close" size={11} />
          </UnstyledButton>
        </span>
      ))}
      {(chips.length > 1 || narrowing(view) > 1) && (
        <UnstyledButton className={css.clear} onClick={() => setView({ ...emptyView, sort: view.sort })}>
          Clear all
        </UnstyledButton>
      )}
    </div>
  )
}

function oneWord(field: OneField, value: string): string {
  if (field === 'since') return date(value)
  if (field === 'kev' || field === 'fixable') return value === 'true' ? 'yes' : 'no'
  if (field === 'change') return words(value)
  if (field === 'report') return value.slice(0, 13)
  return value
}
