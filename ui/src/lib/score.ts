/** Turns the terms of a risk score into bars that can be drawn one below the other. */

export type Term = {
  name: string
  points: number
  input: string
  source?: string
  unknown: boolean
  could_add?: number
  /** The multiplier of a term of the setting; absent for terms of the flaw itself. */
  factor?: number
  why?: string
}

/** One bar of the waterfall; positions are in per cent of the drawn width. */
export type Bar = {
  term: Term
  /** Left edge and width of the points. */
  left: number
  width: number
  /** Width of what an unknown input could add, drawn after the points. */
  could: number
  /** Whether the points lower the score. */
  lowers: boolean
}

/**
 * Lays the terms out in their order. Each bar starts where the one before
 * ended, so the last one ends at the score; the scale leaves room for what
 * unknown inputs could add.
 */
export function waterfall(terms: readonly Term[], score: number): Bar[] {
  let at = 0
  let low = 0
  let high = Math.max(score, 0)
  const spans = terms.map(term => {
    const from = at
    at += term.points
    const reach = Math.max(from, at) + (term.unknown ? (term.could_add ?? 0) : 0)
    low = Math.min(low, at)
    high = Math.max(high, reach)
    return { term, from, to: at }
  })
  const scale = Math.max(high - low, 1)
  const part = (points: number) => (100 * points) / scale
  return spans.map(({ term, from, to }) => ({
    term,
    left: part(Math.min(from, to) - low),
    width: part(Math.abs(to - from)),
    could: term.unknown ? part(term.could_add ?? 0) : 0,
    lowers: to < from,
  }))
}

/** Points with sign and at most one decimal: +12, −3.5, 0. */
export function points(n: number): string {
  const r = Math.round(n * 10) / 10
  if (r === 0) return '0'
  return (r > 0 ? '+' : '−') + Math.abs(r).toString()
}

/** A score as it is shown: whole, but never rounded up into 100. */
export const shown = (score: number): string => String(score >= 99.5 && score < 100 ? 99 : Math.round(score))
