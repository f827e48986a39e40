/**
 * Stories show a page in one state, with answers written by hand in the place
 * of the server's. They are for looking at and for the browser tests; no
 * part of the application depends on them.
 */

/** What a call is answered with: data, or a function of the call that gives data. */
export type Answer = object | ((call: { url: URL; body: unknown; path: Record<string, string> }) => object)

/** Answers by method and path, for example "GET /api/v1/findings/:id". */
export type Answers = Record<string, Answer>

export type Story = {
  /** Unique, made of page and state: "findings/empty". */
  name: string
  /** The address that the page is opened at. */
  path: string
  answers: Answers
}

/** Never answers, so that the page stays loading. */
export const pending: object = Object.freeze({ story: 'pending' })

/** Refuses with a problem document. */
export class Refusal {
  constructor(
    readonly status: number,
    readonly detail: string,
    readonly errors: readonly { message: string; location: string }[] = [],
  ) {}
}

/** What most pages ask for besides their own data. */
export const common: Answers = {
  'GET /api/v1/me': { name: 'Ada Moreno', scopes: ['admin'], version: '0.1.0' },
}

/** Answers all calls to the API from now on by a story. */
export function install(answers: Answers) {
  const real = globalThis.fetch
  const all = { ...common, ...answers }
  globalThis.fetch = async (input, init) => {
    const request = new Request(input, init)
    const url = new URL(request.url)
    if (!url.pathname.startsWith('/api/')) return real(input, init)
    const found = find(all, request.method, url.pathname)
    if (!found)
      return problem(new Refusal(404, `The story has no answer to ${request.method} ${url.pathname}.`))
    if (found.answer === pending) return new Promise<Response>(() => {})
    const body = await request.json().catch(() => undefined)
    const data =
      typeof found.answer === 'function' ? found.answer({ url, body, path: found.path }) : found.answer
    if (data instanceof Refusal) return problem(data)
    return Response.json(data)
  }
  globalThis.EventSource = Silent as unknown as typeof EventSource
}

function find(answers: Answers, method: string, path: string) {
  for (const [key, answer] of Object.entries(answers)) {
    const [m, pattern = ''] = key.split(' ')
    const names = pattern.match(/:\w+/g)?.map(n => n.slice(1)) ?? []
    const re = new RegExp(`^${pattern.replace(/:\w+/g, '([^/]+)')}$`)
    const hit = m === method && re.exec(path)
    if (hit)
      return {
        answer,
        path: Object.fromEntries(names.map((n, i) => [n, decodeURIComponent(hit[i + 1] ?? '')])),
      }
  }
  return undefined
}

function problem(r: Refusal): Response {
  return Response.json(
    { status: r.status, title: 'Refused', detail: r.detail, errors: r.errors },
    { status: r.status },
  )
}

/** Events that never come: a story stands still. */
class Silent extends EventTarget {
  close() {}
}
