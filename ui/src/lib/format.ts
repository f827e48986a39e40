/** How numbers, times and sizes are written. Times come in UTC and are told relative to a given now. */

const whole = new Intl.NumberFormat('en')

/** 12345 → "12,345". */
export const count = (n: number): string => whole.format(n)

/** A count that may be a lower bound: "10,000+". */
export const bounded = (c: { n: number; exact: boolean }): string => count(c.n) + (c.exact ? '' : '+')

/** A count for narrow places: 980, 1.2k, 34k, 1.5M. */
export function short(n: number): string {
  if (n < 1000) return String(n)
  const [value, unit] = n < 999_500 ? [n / 1000, 'k'] : [n / 1_000_000, 'M']
  return (value < 10 ? (Math.floor(value * 10) / 10).toString() : Math.floor(value).toString()) + unit
}

/** One of something or several: plural(2, "asset") → "2 assets". */
export const plural = (n: number, one: string, many = `${one}s`): string =>
  `${count(n)} ${n === 1 ? one : many}`

const minute = 60
const hour = 60 * minute
const day = 24 * hour

/** How long ago, in one unit: now, 5m, 3h, 12d, 7mo, 2y. Times ahead give "now". */
export function age(iso: string, now: number): string {
  const s = Math.floor((now - Date.parse(iso)) / 1000)
  if (Number.isNaN(s)) return 'unknown'
  if (s < minute) return 'now'
  if (s < hour) return `${Math.floor(s / minute)}m`
  if (s < day) return `${Math.floor(s / hour)}h`
  if (s < 60 * day) return `${Math.floor(s / day)}d`
  if (s < 730 * day) return `${Math.floor(s / (30.44 * day))}mo`
  return `${Math.floor(s / (365 * day))}y`
}

/** How long ago, as one says it in a sentence. */
export function ago(iso: string, now: number): string {
  const a = age(iso, now)
  return a === 'now' ? 'just now' : a === 'unknown' ? a : `${a} ago`
}

/** 2026-01-31 14:05 UTC. */
export function stamp(iso: string): string {
  const d = new Date(iso)
  return Number.isNaN(d.getTime()) ? 'unknown' : `${d.toISOString().slice(0, 16).replace('T', ' ')} UTC`
}

/** 2026-01-31. */
export const date = (iso: string): string => stamp(iso).slice(0, 10)

/** Bytes in the units people know: 512 B, 1.5 MB. */
export function bytes(n: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB']
  let i = 0
  let v = n
  while (v >= 999.5 && i < units.length - 1) {
    v /= 1000
    i++
  }
  return `${i === 0 || v >= 100 ? Math.round(v) : v.toFixed(1)} ${units[i]}`
}

/** A duration given in seconds: 40 ms, 2.4 s, 3 min 5 s. */
export function duration(seconds: number): string {
  if (seconds < 1) return `${Math.round(seconds * 1000)} ms`
  if (seconds < 60) return `${seconds.toFixed(1)} s`
  return `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`
}

/** A part of a whole in whole per cent, never rounded up to 100 or down to 0 unless it is. */
export function percent(part: number, total: number): string {
  if (total <= 0) return '–'
  const p = (100 * part) / total
  if (p > 0 && p < 1) return '<1%'
  if (p < 100 && p > 99) return '>99%'
  return `${Math.round(p)}%`
}

/** A word of the API for people: false_positive → "False positive". */
export function words(value: string): string {
  const s = value.replace(/_/g, ' ')
  return s.charAt(0).toUpperCase() + s.slice(1)
}

/** The start of a digest, enough to tell two apart. */
export const digest = (s: string): string => s.replace(/^sha256:/, '').slice(0, 12)
