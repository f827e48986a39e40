import { awkward } from '../../story/data/detail'
import { emptyOverview, overview } from '../../story/data/estate'
import { pending, Refusal, type Story } from '../../story/story'

const at = (name: string, answer: object): Story => ({
  name: `overview/${name}`,
  path: '/',
  answers: { 'GET /api/v1/overview': answer },
})

export const stories: readonly Story[] = [
  at('full', overview),
  at('empty', emptyOverview),
  at('loading', pending),
  at('error', new Refusal(500, 'internal error; the server’s log has the details')),
  at('long-text', {
    ...overview,
    top: [awkward],
    applications: overview.applications.map(a => ({ ...a, name: awkward.title })),
    open: overview.open.map(o => ({ ...o, count: o.count * 98_765 })),
    observations: 4_187_000_000,
  }),
]
