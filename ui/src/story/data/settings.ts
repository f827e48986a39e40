import type { Schema } from '../../api/client'
import { daysAgo } from './findings'

export const tokens: Schema['TokenList'] = {
  items: [
    {
      id: 't1',
      name: 'storefront pipeline',
      scopes: ['import', 'gate'],
      created: daysAgo(60),
      expires: daysAgo(-300),
      last_used: daysAgo(0.1),
    },
    {
      id: 't2',
      name: 'weekly export',
      scopes: ['read'],
      created: daysAgo(400),
      expires: daysAgo(30),
      last_used: daysAgo(35),
    },
    { id: 't3', name: 'set-up script', scopes: ['admin'], created: daysAgo(2), expires: daysAgo(-28) },
  ],
}

export const made: Schema['NewToken'] = {
  id: 't4',
  name: 'new',
  scopes: ['import'],
  created: daysAgo(0),
  secret: 'stance_EXAMPLE_not_a_real_token_0000000000',
}

export const policies: Schema['Policies'] = {
  default: true,
  digest: 'sha256:9f2c41d07b6e5a',
  source: `version: 1
policies:
  - name: baseline
    stages: [build, deploy]
    rules:
      - name: known-exploited
        action: block
        when: finding.kev && finding.status == "open"
        message: Nothing that is known to be exploited may be deployed
        fix: Upgrade to the fixed version, or ask for a waiver
      - name: fixable-high
        action: warn
        when: finding.severity >= severity.high && finding.fixable && finding.age > days(30)
        message: High findings with a known fix should not get older than 30 days
`,
  rules: [
    {
      policy: 'baseline',
      rule: 'known-exploited',
      action: 'block',
      stages: ['build', 'deploy'],
      message: 'Nothing that is known to be exploited may be deployed',
    },
    {
      policy: 'baseline',
      rule: 'fixable-high',
      action: 'warn',
      stages: ['build', 'deploy'],
      message: 'High findings with a known fix should not get older than 30 days',
    },
  ],
}
