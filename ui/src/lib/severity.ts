import type { Severity, Status } from '../api/client'

/** The severities, the worst first; unknown stands by itself at the end. */
export const severities: readonly Severity[] = ['critical', 'high', 'medium', 'low', 'info', 'unknown']

/** The priorities, the most pressing first; others follow as the server counts them. */
const priorities = ['now', 'soon', 'planned', 'watch']

/** Values of a field in the order people expect where it has one. */
export function inOrder<T extends { value: string }>(field: string, values: readonly T[]): T[] {
  const order: readonly string[] = field === 'severity' ? severities : field === 'priority' ? priorities : []
  const rank = (v: T) => (order.includes(v.value) ? order.indexOf(v.value) : order.length)
  return [...values].sort((a, b) => rank(a) - rank(b))
}

export type Tally = readonly { severity: Severity; count: number }[]

/** The count of one severity; an absent one is none. */
export const tallyOf = (tally: Tally, severity: Severity): number =>
  tally.find(t => t.severity === severity)?.count ?? 0

/** All findings of a tally. */
export const tallySum = (tally: Tally): number => tally.reduce((n, t) => n + t.count, 0)

export const statusWord: Record<Status, string> = {
  open: 'Open',
  resolved: 'Resolved',
  false_positive: 'False positive',
  accepted: 'Accepted',
  not_affected: 'Not affected',
  suppressed: 'Suppressed by tool',
}

/** The groups of states that people switch between. */
export const statusGroups = [
  { name: 'Open', statuses: ['open'] },
  { name: 'Decided', statuses: ['false_positive', 'accepted', 'not_affected', 'suppressed'] },
  { name: 'Resolved', statuses: ['resolved'] },
  { name: 'All', statuses: ['open', 'resolved', 'false_positive', 'accepted', 'not_affected', 'suppressed'] },
] as const satisfies readonly { name: string; statuses: readonly Status[] }[]
