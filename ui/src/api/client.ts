import createClient from 'openapi-fetch'
import type { components, paths } from './schema'

/** The shapes of the API, generated from its OpenAPI document. */
export type Schema = components['schemas']
export type Finding = Schema['Finding']
export type FindingDetail = Schema['FindingDetail']
export type Observation = Schema['ToolObservation']
export type Location = Schema['Location']
export type Application = Schema['Application']
export type ApplicationDetail = Schema['ApplicationDetail']
export type Asset = Schema['Asset']
export type Report = Schema['Report']
export type Feed = Schema['Feed']
export type Overview = Schema['Overview']
export type Verdict = Schema['Verdict']
export type Severity = Finding['severity']
export type Status = Finding['status']

/**
 * A failed call: what the server said (RFC 9457), or why it could not be
 * reached. The message is fit to be shown.
 */
export class Problem extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly details: readonly { message: string; location: string }[] = [],
  ) {
    super(message)
    this.name = 'Problem'
  }
}

export const client = createClient<paths>({
  // Alternatives of one field are joined by commas, as the server splits them.
  querySerializer: { array: { style: 'form', explode: false } },
  // Looked up at each call, so that stories can answer in the server's place.
  fetch: request => globalThis.fetch(request),
})

type Outcome<T> = { data?: T; error?: Schema['ErrorModel']; response: Response }

/** The data of a call, or a Problem thrown. */
export async function unwrap<T>(call: Promise<Outcome<T>>): Promise<T> {
  let out: Outcome<T>
  try {
    out = await call
  } catch (e) {
    if (e instanceof DOMException && e.name === 'AbortError') throw e
    throw new Problem(0, 'The server can’t be reached. Check that “stance serve” is running, then try again.')
  }
  if (out.response.ok) return out.data as T
  throw problemOf(out.response.status, out.error)
}

/** Reads a problem document; a body that is none still gives a sentence. */
export function problemOf(status: number, doc: Schema['ErrorModel'] | string | undefined): Problem {
  if (status === 401) announceSignOut()
  if (typeof doc !== 'object') return new Problem(status, sentence(status))
  const details = (doc.errors ?? []).map(e => ({ message: e.message ?? '', location: e.location ?? '' }))
  // The server writes like an error of a program; people read sentences.
  const text = doc.detail || doc.title || sentence(status)
  return new Problem(status, text.charAt(0).toUpperCase() + text.slice(1), details)
}

function sentence(status: number): string {
  if (status === 403) return 'You are not allowed to do that.'
  if (status === 404) return 'There is nothing by that name here.'
  if (status === 429) return 'The server is busy. Try again in a few seconds.'
  return `The server answered with status ${status}.`
}

const listeners = new Set<() => void>()

/** Calls back when a call was refused because nobody is signed in. */
export function onSignedOut(fn: () => void): () => void {
  listeners.add(fn)
  return () => listeners.delete(fn)
}

function announceSignOut() {
  for (const fn of listeners) fn()
}
