/**
 * The view of a list of findings as it stands in the URL. Names and encoding
 * are those of the API, so that a page's address and a call to
 * /api/v1/findings differ only in their path: alternatives of one field are
 * joined by commas, each value percent-encoded by itself.
 */

/** Fields that take several alternatives. */
export const manyFields = [
  'application',
  'asset',
  'status',
  'severity',
  'priority',
  'kind',
  'tool',
  'cwe',
] as const

/** Fields that take one value. */
export const oneFields = [
  'advisory',
  'component',
  'check',
  'path',
  'ref',
  'kev',
  'fixable',
  'min_score',
  'q',
  'report',
  'change',
  'since',
] as const

export type ManyField = (typeof manyFields)[number]
export type OneField = (typeof oneFields)[number]

export const sorts = ['score', 'severity', 'newest', 'oldest'] as const
export type Sort = (typeof sorts)[number]

export type View = { sort: Sort } & Record<ManyField, readonly string[]> & Record<OneField, string>

/** The view without any filter: open findings, highest risk first. */
export const emptyView: View = {
  sort: 'score',
  application: [],
  asset: [],
  status: [],
  severity: [],
  priority: [],
  kind: [],
  tool: [],
  cwe: [],
  advisory: '',
  component: '',
  check: '',
  path: '',
  ref: '',
  kev: '',
  fixable: '',
  min_score: '',
  q: '',
  report: '',
  change: '',
  since: '',
}

/** What the API allows where it names its values; anything else would be refused, so it is left out. */
const allowed: Partial<Record<ManyField | OneField, readonly string[]>> = {
  status: ['open', 'resolved', 'false_positive', 'accepted', 'not_affected', 'suppressed'],
  severity: ['unknown', 'info', 'low', 'medium', 'high', 'critical'],
  kind: ['vulnerability', 'code', 'secret', 'misconfiguration', 'dynamic', 'licence', 'quality'],
  kev: ['true', 'false'],
  fixable: ['true', 'false'],
  change: ['new', 'changed', 'reopened', 'resolved'],
}

export const allStatuses = allowed.status as readonly string[]

/** Reads a view from a URL's query. What is not understood is ignored. */
export function decodeView(search: string): View {
  const raw = new Map<string, string[]>()
  for (const pair of search.replace(/^\?/, '').split('&')) {
    const [name, ...rest] = pair.split('=')
    if (!name || rest.length === 0) continue
    const values = raw.get(decode(name)) ?? []
    values.push(...rest.join('=').split(',').map(decode))
    raw.set(decode(name), values)
  }
  const view: View = { ...emptyView }
  for (const f of manyFields) {
    const values = (raw.get(f) ?? []).filter(v => v !== '' && ok(f, v))
    view[f] = [...new Set(values)]
  }
  for (const f of oneFields) {
    // A comma is an ordinary character where only one value is taken.
    const value = (raw.get(f) ?? []).join(',')
    view[f] = ok(f, value) ? value : ''
  }
  const sort = raw.get('sort')?.[0] as Sort
  view.sort = sorts.includes(sort) ? sort : 'score'
  return view
}

/** Writes a view as a query without the question mark; empty for the empty view. */
export function encodeView(view: Partial<View>): string {
  const parts: string[] = []
  for (const f of manyFields) {
    const values = view[f]
    if (values?.length) parts.push(`${f}=${values.map(encodeURIComponent).join(',')}`)
  }
  for (const f of oneFields) {
    const value = view[f]
    if (value) parts.push(`${f}=${encodeURIComponent(value)}`)
  }
  if (view.sort && view.sort !== 'score') parts.push(`sort=${view.sort}`)
  return parts.join('&')
}

/** The address of the findings page with that view. */
export function findingsURL(view: Partial<View>): string {
  const q = encodeView(view)
  return q ? `/findings?${q}` : '/findings'
}

/** How many filters narrow the list; status and sort are shown elsewhere and don't count. */
export function narrowing(view: View): number {
  const many = manyFields.filter(f => f !== 'status').reduce((n, f) => n + view[f].length, 0)
  return many + oneFields.filter(f => view[f] !== '').length
}

/** The view with one alternative of a field switched on or off. */
export function toggled(view: View, field: ManyField, value: string): View {
  const now = view[field]
  return { ...view, [field]: now.includes(value) ? now.filter(v => v !== value) : [...now, value] }
}

function ok(field: ManyField | OneField, value: string): boolean {
  if (field === 'cwe') return /^\d+$/.test(value)
  if (field === 'min_score') return value === '' || (Number(value) >= 0 && Number(value) <= 100)
  const values = allowed[field]
  return !values || value === '' || values.includes(value)
}

function decode(s: string): string {
  try {
    return decodeURIComponent(s.replace(/\+/g, ' '))
  } catch {
    return s // a stray percent sign stands for itself
  }
}
