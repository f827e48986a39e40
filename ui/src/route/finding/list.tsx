import { Button, Loader } from '@mantine/core'
import { useVirtualizer } from '@tanstack/react-virtual'
import { useEffect, useRef, useState } from 'react'
import { useNavigate } from 'react-router'
import type { Finding } from '../../api/client'
import { useKeys } from '../../kit/keys'
import { type Cursor, nowhere, place } from './cursor'
import css from './list.module.css'
import { FindingRow } from './row'
import { keepOffset, offsetOf } from './trail'

type Props = {
  rows: readonly Finding[]
  /** The view as a query: it names the place where the list was scrolled to. */
  search: string
  /** The rows are of the view before, the new ones are on their way. */
  stale: boolean
  more: (() => unknown) | undefined
  loadingMore: boolean
  moreFailed: boolean
  selected: ReadonlySet<string>
  toggle: (id: string) => void
  clear: () => void
  decide: (ids: readonly string[]) => void
}

/** How many rows before the end the next page is asked for. */
const ahead = 25

const linkOf = (list: HTMLElement | null, index: number) =>
  list?.querySelector<HTMLElement>(`[data-index="${index}"] a`)

/** A list of any length of which only the visible rows exist. */
export function FindingList({
  rows,
  search,
  stale,
  more,
  loadingMore,
  moreFailed,
  selected,
  toggle,
  clear,
  decide,
}: Props) {
  const scroller = useRef<HTMLDivElement>(null)
  const [at, setAt] = useState<Cursor>(nowhere)
  const cursor = place(rows, at)
  const navigate = useNavigate()
  const list = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => 61,
    overscan: 8,
    initialOffset: () => offsetOf(search),
    getItemKey: i => rows[i]?.id ?? i,
  })
  const items = list.getVirtualItems()
  const last = items.at(-1)?.index ?? 0
  useEffect(() => {
    if (more && !loadingMore && !moreFailed && last >= rows.length - ahead) more()
  }, [last, rows.length, more, loadingMore, moreFailed])

  const shown = useRef(search)
  useEffect(() => {
    if (shown.current === search) return
    shown.current = search
    setAt(nowhere)
    scroller.current?.scrollTo({ top: 0 })
  }, [search])

  const coming = useRef(-1)
  const focusRow = (i: number) => {
    const index = Math.max(0, Math.min(rows.length - 1, i))
    setAt({ index, id: rows[index]?.id ?? '' })
    list.scrollToIndex(index, { align: 'auto' })
    // At once: Enter is the focused link's own, so a focus that comes later would open the row before.
    const link = linkOf(scroller.current, index)
    if (link) return link.focus({ preventScroll: true })
    // The row will exist when the list has scrolled; until then Enter must not find the one left behind.
    coming.current = index
    if (scroller.current?.contains(document.activeElement)) (document.activeElement as HTMLElement).blur()
  }
  useEffect(() => {
    if (coming.current < 0 || coming.current !== cursor) return
    const link = linkOf(scroller.current, cursor)
    if (!link) return
    coming.current = -1
    link.focus({ preventScroll: true })
  })
  const current = rows[cursor]
  const down = () => focusRow(cursor < 0 ? (items[0]?.index ?? 0) : cursor + 1)
  const up = () => focusRow(cursor - 1)
  useKeys({
    j: down,
    ArrowDown: down,
    k: up,
    ArrowUp: up,
    Home: () => focusRow(0),
    Enter: () => current && navigate(`/findings/${current.id}`),
    x: () => current && toggle(current.id),
    t: () => {
      if (selected.size > 0) decide([...selected])
      else if (current) decide([current.id])
    },
    Escape: () => {
      if (selected.size > 0) clear()
      else setAt(nowhere)
    },
  })
  return (
    <div
      ref={scroller}
      className={css.scroller}
      data-stale={stale || undefined}
      onScroll={e => keepOffset(search, e.currentTarget.scrollTop)}
    >
      <ul className={css.list} aria-label="Findings" style={{ height: list.getTotalSize() }}>
        {items.map(item => {
          const row = rows[item.index]
          return (
            row && (
              <li
                key={item.key}
                ref={list.measureElement}
                data-index={item.index}
                className={css.item}
                style={{ transform: `translateY(${item.start}px)` }}
                aria-setsize={rows.length}
                aria-posinset={item.index + 1}
              >
                <FindingRow
                  finding={row}
                  active={item.index === cursor}
                  selected={selected.has(row.id)}
                  selecting={selected.size > 0}
                  toggle={toggle}
                  onFocus={() => setAt({ index: item.index, id: row.id })}
                />
              </li>
            )
          )
        })}
      </ul>
      {loadingMore && (
        <div className={css.foot}>
          <Loader size="xs" aria-label="Loading more" />
        </div>
      )}
      {moreFailed && (
        <div className={css.foot} role="alert">
          The next findings did not come.{' '}
          <Button variant="default" onClick={() => more?.()}>
            Try again
          </Button>
        </div>
      )}
      {!more && rows.length > 20 && <div className={css.foot}>That is all.</div>}
    </div>
  )
}
