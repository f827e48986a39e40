import { feeds } from '../../story/data/estate'
import { made, policies, tokens } from '../../story/data/settings'
import { pending, Refusal, type Story } from '../../story/story'

const broken = new Refusal(500, 'internal error; the server’s log has the details')
const wrong = new Refusal(422, 'the policies were not replaced: undeclared reference to "finding.kevv"', [
  { message: 'undeclared reference to "finding.kevv"', location: 'policies.yaml:8:15' },
  { message: 'unknown action "stop": want block, warn or notify', location: 'policies.yaml:12:17' },
])

const at = (part: string, name: string, answers: Story['answers']): Story => ({
  name: `settings/${part}-${name}`,
  path: `/settings?part=${part}`,
  answers,
})

export const stories: readonly Story[] = [
  at('feeds', 'full', {
    'GET /api/v1/feeds': { items: feeds },
    'POST /api/v1/feeds/update': {
      items: [
        { feed: 'epss', as_of: new Date().toISOString(), rows: 312_004, skipped: 0, rescored: 812 },
        {
          feed: 'kev',
          as_of: new Date().toISOString(),
          rows: 0,
          skipped: 0,
          rescored: 0,
          error: 'www.cisa.gov: no such host',
        },
      ],
    },
  }),
  at('feeds', 'loading', { 'GET /api/v1/feeds': pending }),
  at('feeds', 'error', { 'GET /api/v1/feeds': broken }),
  at('tokens', 'full', {
    'GET /api/v1/tokens': tokens,
    'POST /api/v1/tokens': made,
    'DELETE /api/v1/tokens/:id': {},
  }),
  at('tokens', 'empty', { 'GET /api/v1/tokens': { items: [] } }),
  at('tokens', 'error', { 'GET /api/v1/tokens': new Refusal(403, 'this needs the scope ‘admin’') }),
  at('policies', 'full', { 'GET /api/v1/policies': policies, 'PUT /api/v1/policies': wrong }),
  at('policies', 'loading', { 'GET /api/v1/policies': pending }),
  at('policies', 'error', { 'GET /api/v1/policies': broken }),
  at('appearance', 'full', {}),
]
