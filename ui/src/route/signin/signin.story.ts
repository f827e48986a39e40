import { pending, Refusal, type Story } from '../../story/story'

export const stories: readonly Story[] = [
  { name: 'signin/no-code', path: '/signin', answers: {} },
  {
    name: 'signin/working',
    path: '/signin#story-code-working',
    answers: { 'POST /api/v1/session': pending },
  },
  {
    name: 'signin/used',
    path: '/signin#story-code-used',
    answers: {
      'POST /api/v1/session': new Refusal(
        401,
        'this sign-in link was used before or has expired; print a new one with ‘stance signin’',
      ),
    },
  },
]
