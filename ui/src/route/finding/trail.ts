/**
 * The list that a finding was opened from, so that its page can go on to the
 * next one and back to where the list stood. It lives as long as the tab.
 */
export type Trail = { search: string; ids: readonly string[] }

let trail: Trail = { search: '', ids: [] }
const offsets = new Map<string, number>()

export function setTrail(next: Trail) {
  trail = next
}

export const getTrail = (): Trail => trail

/** The neighbours of a finding in the list it came from. */
export function neighbours(t: Trail, id: string): { previous?: string; next?: string; position: number } {
  const i = t.ids.indexOf(id)
  if (i < 0) return { position: -1 }
  return { previous: t.ids[i - 1], next: t.ids[i + 1], position: i }
}

export const keepOffset = (search: string, offset: number): void => void offsets.set(search, offset)
export const offsetOf = (search: string): number => offsets.get(search) ?? 0
