import { applications } from '../../story/data/estate'
import { component, components, inventory, use } from '../../story/data/inventory'
import { type Answer, pending, Refusal, type Story } from '../../story/story'

const list = (name: string, answer: Answer, search = ''): Story => ({
  name: `components/${name}`,
  path: `/components${search}`,
  answers: {
    'GET /api/v1/components/paths': ({ url }) => ({
      items: components.filter(c => c.reference === url.searchParams.get('component')).map(use),
    }),
    'GET /api/v1/components': answer,
    'GET /api/v1/applications': { items: applications },
  },
})
const word = 'Rindfleischetikettierungsüberwachungsaufgabenübertragungsgesetz'

export const stories: readonly Story[] = [
  list('full', inventory(components, { next_cursor: 'more' })),
  list(
    'searched',
    inventory(components.slice(0, 2), { unknown_versions: 4 }),
    '?q=lattice-log+%3C+2.17.1&ecosystem=maven',
  ),
  list('empty', inventory([])),
  list('none', inventory([]), '?q=nothing+%3C+1'),
  list('far', inventory([], { next_cursor: 'more' }), '?q=%3C+1'),
  list(
    'not-understood',
    new Refusal(422, 'version constraint "<": "<" is followed by no version: write for example < 2.17.1'),
    '?q=lattice-log+%3C',
  ),
  list('loading', pending),
  list('error', new Refusal(500, 'internal error; the server’s log has the details')),
  list(
    'long-text',
    inventory([
      component(word.repeat(3), word, {
        group: word,
        asset: word.repeat(2),
        licences: [word, word],
        tool: word,
      }),
    ]),
  ),
]
