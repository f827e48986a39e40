import { applications } from '../../story/data/estate'
import { applied, applying, failed, held, quarantine, report, reports } from '../../story/data/reports'
import { pending, Refusal, type Story } from '../../story/story'

const list = (name: string, answer: object): Story => ({
  name: `imports/${name}`,
  path: '/imports',
  answers: { 'GET /api/v1/reports': answer, 'GET /api/v1/applications': { items: applications } },
})
const one = (name: string, answer: object): Story => ({
  name: `import/${name}`,
  path: '/imports/x',
  answers: {
    'GET /api/v1/reports/:id': answer,
    'GET /api/v1/reports/:id/quarantine': quarantine,
    'POST /api/v1/reports/:id/confirm': applied,
  },
})
const word = 'Rindfleischetikettierungsüberwachungsaufgabenübertragungsgesetz'

export const stories: readonly Story[] = [
  list('full', { items: reports, next_cursor: 'more' }),
  list('empty', { items: [] }),
  list('loading', pending),
  list('error', new Refusal(500, 'internal error; the server’s log has the details')),
  list('long-text', {
    items: [
      report(1, { name: word.repeat(3), asset: word.repeat(3), state: 'failed', reason: word.repeat(5) }),
    ],
  }),
  one('applied', applied),
  one('held', held),
  one('failed', failed),
  one('applying', applying),
  one('duplicate', report(6, { duplicate_of: applied.id })),
  one('loading', pending),
  one('missing', new Refusal(404, 'there is nothing by that name here')),
  one(
    'long-text',
    report(
      8,
      { name: word.repeat(3), asset: word.repeat(3), reason: word.repeat(5), state: 'held' },
      { notes: [word.repeat(6)] },
    ),
  ),
]
