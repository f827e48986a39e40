/**
 * The row that the keyboard is on. It follows its finding when rows come or
 * go above it; when the finding itself goes, the row that took its place is
 * the current one.
 */
export type Cursor = { id: string; index: number }

export const nowhere: Cursor = { id: '', index: -1 }

/** Where a cursor stands among the rows as they are now; -1 for nowhere. */
export function place(rows: readonly { id: string }[], { id, index }: Cursor): number {
  if (index < 0 || rows[index]?.id === id) return index
  const moved = rows.findIndex(r => r.id === id)
  return moved >= 0 ? moved : Math.min(index, rows.length - 1)
}
