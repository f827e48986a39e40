import { Button, Drawer } from '@mantine/core'
import { useCallback, useEffect, useMemo, useRef, useState } from 'react'
import { Link, useLocation } from 'react-router'
import { useFacets, useFindings } from '../../api/finding'
import { Icon } from '../../kit/icon'
import { useKeysWait } from '../../kit/keys'
import { useTitle } from '../../kit/page'
import { Command, Empty, Failure, LoadingRows } from '../../kit/state'
import { emptyView, encodeView, narrowing } from '../../lib/filter'
import { bounded } from '../../lib/format'
import { Chips } from './chips'
import { FacetPanel } from './facets'
import { FilterBar } from './filter-bar'
import { FindingList } from './list'
import css from './list-page.module.css'
import { SelectionBar } from './selection-bar'
import { setTrail } from './trail'
import { TriageDialog } from './triage'
import { useView } from './view'

/** All findings under a filter that stands whole in the address. */
export function FindingsPage() {
  useTitle('Findings')
  const [view, setView] = useView()
  const [filters, setFilters] = useState(false)
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set())
  const [deciding, setDeciding] = useState<readonly string[]>([])
  const list = useFindings(view)
  const facets = useFacets(view)
  useKeysWait(list.isPending)
  const rows = useMemo(() => list.data?.pages.flatMap(p => p.items) ?? [], [list.data])
  const total = list.data?.pages[0]?.total
  const search = encodeView(view)

  // A selection is of rows one sees: it ends when the filter changes.
  const shownSearch = useRef(search)
  useEffect(() => {
    if (shownSearch.current === search) return
    shownSearch.current = search
    setSelected(new Set())
  }, [search])
  useEffect(() => setTrail({ search, ids: rows.map(r => r.id) }), [search, rows])

  const toggle = useCallback((id: string) => {
    setSelected(now => {
      const next = new Set(now)
      if (!next.delete(id)) next.add(id)
      return next
    })
  }, [])

  const focusSearch = (useLocation().state as { search?: boolean } | null)?.search ?? false
  const panel = <FacetPanel view={view} setView={setView} facets={facets} />
  return (
    <div className={css.page}>
      <div className={css.head}>
        <h1 className={css.title}>
          Findings{' '}
          <span className={css.total} role="status">
            {total ? bounded(total) : ''}
          </span>
        </h1>
        <FilterBar
          view={view}
          setView={setView}
          facets={facets.data}
          focusSearch={focusSearch}
          openFilters={() => setFilters(true)}
        />
        <Chips view={view} setView={setView} facets={facets.data} />
      </div>
      <div className={css.body}>
        <aside className={css.facets} aria-label="Filters">
          {panel}
        </aside>
        <section className={css.list} aria-label="List of findings" aria-busy={list.isFetching}>
          {selected.size > 0 && (
            <SelectionBar
              count={selected.size}
              loaded={rows.length}
              all={() => setSelected(new Set(rows.map(r => r.id)))}
              none={() => setSelected(new Set())}
              decide={() => setDeciding([...selected])}
            />
          )}
          {list.isPending ? (
            <LoadingRows rows={12} height={60} />
          ) : list.isError && rows.length === 0 ? (
            <Failure what="the findings" error={list.error} retry={() => list.refetch()} />
          ) : rows.length === 0 ? (
            <Nothing
              narrowed={narrowing(view) > 0}
              status={view.status.length > 0}
              clear={() => setView({ ...emptyView, sort: view.sort })}
            />
          ) : (
            <FindingList
              rows={rows}
              search={search}
              stale={list.isPlaceholderData}
              more={list.hasNextPage ? list.fetchNextPage : undefined}
              loadingMore={list.isFetchingNextPage}
              moreFailed={list.isFetchNextPageError}
              selected={selected}
              toggle={toggle}
              clear={() => setSelected(new Set())}
              decide={setDeciding}
            />
          )}
        </section>
      </div>
      <Drawer opened={filters} onClose={() => setFilters(false)} title="Filters" size={300}>
        {panel}
      </Drawer>
      <TriageDialog findings={deciding} close={() => setDeciding([])} done={() => setSelected(new Set())} />
    </div>
  )
}

/** An empty list has three meanings, and each wants something else done. */
function Nothing({ narrowed, status, clear }: { narrowed: boolean; status: boolean; clear: () => void }) {
  if (narrowed || status) {
    return (
      <Empty
        icon="filter"
        title="No finding matches"
        action={
          <Button variant="default" onClick={clear}>
            Clear all filters
          </Button>
        }
      >
        Nothing was found under these filters. That says nothing about what was not scanned.
      </Empty>
    )
  }
  return (
    <Empty
      icon="finding"
      title="No open findings"
      action={
        <Button component={Link} to="/imports" leftSection={<Icon name="import" size={14} />}>
          Import a report
        </Button>
      }
    >
      Either nothing has been imported yet, or everything is resolved or decided. Import what your tools
      report, here or with <Command>stance import FILE</Command>.
    </Empty>
  )
}
