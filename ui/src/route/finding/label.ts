import type { Schema } from '../../api/client'
import type { ManyField } from '../../lib/filter'
import { words } from '../../lib/format'
import { statusWord } from '../../lib/severity'

/** What people read for a value of a field; names of tools and applications stay as they are. */
export function labelOf(field: ManyField, value: string, facets?: Schema['Facets']): string {
  const known = facets?.fields[field]?.find(v => v.value === value)?.label
  if (known) return known
  if (field === 'cwe') return `CWE-${value}`
  if (field === 'status') return statusWord[value as keyof typeof statusWord] ?? words(value)
  if (field === 'severity' || field === 'kind' || field === 'priority') return words(value)
  return value
}
