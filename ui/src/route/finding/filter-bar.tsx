import { Button, CloseButton, NativeSelect, TextInput } from '@mantine/core'
import { useEffect, useLayoutEffect, useRef, useState } from 'react'
import type { Schema } from '../../api/client'
import { Icon } from '../../kit/icon'
import { useKeys } from '../../kit/keys'
import { Key } from '../../kit/tag'
import { narrowing, type Sort, type View } from '../../lib/filter'
import { short } from '../../lib/format'
import { statusGroups } from '../../lib/severity'
import css from './filter-bar.module.css'

type Props = {
  view: View
  setView: (next: View, replace?: boolean) => void
  facets: Schema['Facets'] | undefined
  focusSearch: boolean
  openFilters: () => void
}

const sortWords: Record<Sort, string> = {
  score: 'Highest risk',
  severity: 'Worst severity',
  newest: 'Newest first',
  oldest: 'Oldest first',
}

/** Search, state and order: what one changes most. */
export function FilterBar({ view, setView, facets, focusSearch, openFilters }: Props) {
  const n = narrowing(view)
  return (
    <div className={css.bar}>
      <Search view={view} setView={setView} focus={focusSearch} />
      <StatusTabs view={view} setView={setView} facets={facets} />
      <NativeSelect
        size="xs"
        className={css.sort}
        aria-label="Order"
        value={view.sort}
        onChange={e => setView({ ...view, sort: e.currentTarget.value as Sort })}
        data={Object.entries(sortWords).map(([value, label]) => ({ value, label }))}
      />
      <Button
        variant="default"
        className={css.filters}
        onClick={openFilters}
        leftSection={<Icon name="filter" size={14} />}
      >
        Filters{n > 0 ? ` (${n})` : ''}
      </Button>
    </div>
  )
}

/** How long typing must rest before it is searched, in milliseconds. */
const rest = 250

function Search({ view, setView, focus }: Pick<Props, 'view' | 'setView'> & { focus: boolean }) {
  const input = useRef<HTMLInputElement>(null)
  const [text, setText] = useState(view.q)
  const [known, setKnown] = useState(view.q)
  // What was asked for and has not come to the address yet.
  const [asked, setAsked] = useState<readonly string[]>([])
  if (known !== view.q) {
    setKnown(view.q)
    if (asked.includes(view.q)) {
      setAsked(asked.slice(asked.indexOf(view.q) + 1)) // the text may be ahead by now
    } else {
      // The address changed by itself: going back, or a chip was closed.
      setAsked([])
      setText(view.q)
    }
  }
  useEffect(() => {
    if (text.trim() === view.q) return
    const t = setTimeout(() => {
      setAsked(a => [...a, text.trim()])
      setView({ ...view, q: text.trim() }, true)
    }, rest)
    return () => clearTimeout(t)
  }, [text, view, setView])
  // In the commit, so that what was typed meanwhile finds the field.
  useLayoutEffect(() => {
    if (focus) input.current?.focus()
  }, [focus])
  useKeys({
    '/': () => {
      input.current?.focus()
      input.current?.select()
    },
  })
  return (
    <TextInput
      ref={input}
      className={css.search}
      type="search"
      aria-label="Search findings"
      placeholder="Title, path, package, CVE, check…"
      maxLength={200}
      value={text}
      onChange={e => setText(e.currentTarget.value)}
      onKeyDown={e => {
        if (e.key === 'Escape') {
          if (text) setText('')
          else e.currentTarget.blur()
        }
      }}
      leftSection={<Icon name="search" size={14} />}
      rightSection={
        text ? (
          <CloseButton size={18} onClick={() => setText('')} aria-label="Clear the search" />
        ) : (
          <Key>/</Key>
        )
      }
    />
  )
}

/** The groups of states with their counts. */
function StatusTabs({ view, setView, facets }: Pick<Props, 'view' | 'setView' | 'facets'>) {
  const counts = facets?.fields.status
  // Under a report everything it touched counts, so nothing chosen means all.
  const chosen =
    view.status.length > 0 ? view.status : view.report ? statusGroups[3].statuses : statusGroups[0].statuses
  const same = (statuses: readonly string[]) =>
    statuses.length === chosen.length && statuses.every(s => chosen.includes(s as never))
  return (
    <fieldset className={css.tabs}>
      <legend className="hidden">Status</legend>
      {statusGroups.map(g => {
        const sum = counts
          ?.filter(c => (g.statuses as readonly string[]).includes(c.value))
          .reduce((n, c) => n + c.count, 0)
        const isDefault = g.name === (view.report ? 'All' : 'Open')
        return (
          <button
            key={g.name}
            type="button"
            className={css.tab}
            aria-pressed={same(g.statuses)}
            onClick={() => setView({ ...view, status: isDefault ? [] : g.statuses })}
          >
            {g.name}
            {sum !== undefined && (
              <span className={css.count}>{short(sum) + (facets?.exact ? '' : '+')}</span>
            )}
          </button>
        )
      })}
    </fieldset>
  )
}
