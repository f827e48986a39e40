import type { ComponentQuestion } from '../../api/inventory'

const fields = ['q', 'application', 'ecosystem', 'licence', 'ref'] as const

/** The question that an address holds; names are those of the API. */
export function questionOf(search: URLSearchParams): ComponentQuestion {
  const [q, application, ecosystem, licence, ref] = fields.map(f => search.get(f)?.trim() ?? '') as [
    string,
    string,
    string,
    string,
    string,
  ]
  return { q, application, ecosystem, licence, ref }
}

/** The address of a question, fields without a value left out. */
export function searchOf(question: ComponentQuestion): URLSearchParams {
  const search = new URLSearchParams()
  for (const f of fields) {
    const value = question[f].trim()
    if (value) search.set(f, value)
  }
  return search
}

/** "group/name" as the ecosystem's people write it. */
export function fullName(c: { group?: string; name: string; ecosystem?: string }): string {
  if (!c.group) return c.name
  return c.group + (c.ecosystem === 'maven' ? ':' : '/') + c.name
}
