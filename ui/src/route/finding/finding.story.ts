import { awkward, history, injection, secret, vulnerability } from '../../story/data/detail'
import { answerList, facets, findings } from '../../story/data/findings'
import { pending, Refusal, type Story } from '../../story/story'

const list = {
  'GET /api/v1/findings': answerList,
  'GET /api/v1/findings/facets': facets,
  'POST /api/v1/findings/triage': { changed: 2 },
}
const broken = new Refusal(500, 'internal error; the server’s log has the details')
const none = { items: [], total: { n: 0, exact: true } }
const one = (finding: object) => ({
  'GET /api/v1/findings/:id': finding,
  'GET /api/v1/findings/:id/history': history,
  'POST /api/v1/findings/triage': { changed: 1 },
})

export const stories: readonly Story[] = [
  { name: 'findings/full', path: '/findings', answers: { ...list, ...one(vulnerability) } },
  {
    name: 'findings/filtered',
    path: '/findings?severity=critical,high&kind=vulnerability&kev=true&q=e',
    answers: list,
  },
  {
    name: 'findings/empty',
    path: '/findings',
    answers: {
      ...list,
      'GET /api/v1/findings': none,
      'GET /api/v1/findings/facets': { exact: true, fields: {} },
    },
  },
  { name: 'findings/nothing-matches', path: '/findings?q=nosuchthing', answers: list },
  {
    name: 'findings/loading',
    path: '/findings',
    answers: { 'GET /api/v1/findings': pending, 'GET /api/v1/findings/facets': pending },
  },
  {
    name: 'findings/error',
    path: '/findings',
    answers: { 'GET /api/v1/findings': broken, 'GET /api/v1/findings/facets': broken },
  },
  {
    name: 'findings/long-text',
    path: '/findings',
    answers: {
      ...list,
      'GET /api/v1/findings': { items: [awkward, ...findings(3)], total: { n: 4, exact: true } },
    },
  },
  { name: 'finding/vulnerability', path: `/findings/${vulnerability.id}`, answers: one(vulnerability) },
  { name: 'finding/code', path: `/findings/${injection.id}`, answers: one(injection) },
  { name: 'finding/secret', path: `/findings/${secret.id}`, answers: one(secret) },
  { name: 'finding/long-text', path: `/findings/${awkward.id}`, answers: one(awkward) },
  { name: 'finding/loading', path: '/findings/x', answers: one(pending) },
  {
    name: 'finding/missing',
    path: '/findings/x',
    answers: one(new Refusal(404, 'there is nothing by that name here')),
  },
  { name: 'finding/error', path: '/findings/x', answers: one(broken) },
]
