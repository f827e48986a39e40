import { answerGate, applications, storefront, unscanned } from '../../story/data/estate'
import { pending, Refusal, type Story } from '../../story/story'

const list = (name: string, answer: object): Story => ({
  name: `applications/${name}`,
  path: '/applications',
  answers: { 'GET /api/v1/applications': answer },
})
const one = (name: string, answer: object, gate: Story['answers'][string] = answerGate): Story => ({
  name: `application/${name}`,
  path: '/applications/storefront',
  answers: {
    'GET /api/v1/applications/:key': answer,
    'POST /api/v1/gate': gate,
    'PUT /api/v1/applications/:key': answer,
  },
})
const broken = new Refusal(500, 'internal error; the server’s log has the details')
const word = 'Donaudampfschifffahrtsgesellschaftskapitänsmütze'

export const stories: readonly Story[] = [
  list('full', { items: applications }),
  list('empty', { items: [] }),
  list('loading', pending),
  list('error', broken),
  list('long-text', {
    items: applications.map(a => ({ ...a, name: word.repeat(4), owner: word, unit: word })),
  }),
  one('full', storefront),
  one('never-scanned', unscanned, new Refusal(500, 'internal error')),
  one('loading', pending),
  one('missing', new Refusal(404, 'there is nothing by that name here')),
  one('long-text', {
    ...storefront,
    name: word.repeat(3),
    owner: word,
    description: word.repeat(9),
    asset_list: storefront.asset_list.map(a => ({ ...a, name: word.repeat(4) })),
  }),
]
