import type {
  Application,
  ApplicationDetail,
  Feed,
  Overview,
  Schema,
  Severity,
  Verdict,
} from '../../api/client'
import { daysAgo, findings } from './findings'

const tally = (...counts: number[]) =>
  (['critical', 'high', 'medium', 'low', 'info', 'unknown'] as Severity[]).map((severity, i) => ({
    severity,
    count: counts[i] ?? 0,
  }))

function application(key: string, name: string, more: Partial<Application>): Application {
  return {
    key,
    name,
    context: { criticality: 'unknown', data_classes: [], exposure: 'unknown', environment: 'unknown' },
    assets: 3,
    unscanned: 0,
    stale: 0,
    open: tally(),
    urgent: 0,
    max_score: 0,
    last_scan: daysAgo(0.2),
    created: daysAgo(200),
    ...more,
  }
}

export const applications: Application[] = [
  application('storefront', 'Storefront', {
    description: 'The public shop and its search.',
    unit: 'Retail',
    owner: 'team-shop',
    open: tally(41, 530, 1900, 1204, 320, 25),
    urgent: 19,
    max_score: 98.2,
    assets: 6,
    stale: 1,
    context: {
      criticality: 'critical',
      data_classes: ['pci', 'pii'],
      exposure: 'internet',
      environment: 'production',
    },
  }),
  application('payments', 'Payments', {
    unit: 'Finance',
    owner: 'team-ledger',
    open: tally(22, 310, 870, 540, 60),
    urgent: 11,
    max_score: 91.4,
    assets: 4,
    context: {
      criticality: 'critical',
      data_classes: ['pci'],
      exposure: 'partner',
      environment: 'production',
    },
  }),
  application('notifications', 'Notifications', {
    owner: 'team-shop',
    open: tally(9, 204, 600, 370, 31),
    urgent: 4,
    max_score: 74.1,
  }),
  application('identity', 'Identity', {
    unit: 'Platform',
    open: tally(4, 90, 480, 400, 6),
    urgent: 2,
    max_score: 47.2,
    unscanned: 2,
    assets: 5,
  }),
  application('backoffice', 'Back office', {
    unit: 'Finance',
    owner: 'team-ops',
    open: tally(0, 61, 700, 820, 59),
    max_score: 38.3,
    context: {
      criticality: 'low',
      data_classes: ['internal'],
      exposure: 'internal',
      environment: 'production',
    },
  }),
  application('data-lake', 'Data lake', {
    unit: 'Platform',
    open: tally(0, 0, 0, 0),
    max_score: 0,
    last_scan: daysAgo(41),
    stale: 3,
  }),
  application('warehouse-robots', 'Warehouse robots', {
    owner: 'team-robotics',
    last_scan: undefined,
    unscanned: 3,
  }),
]

export const feeds: Feed[] = [
  {
    feed: 'epss',
    title: 'EPSS',
    used: 'how likely a vulnerability is exploited in the next 30 days',
    missing: false,
    as_of: daysAgo(1),
    imported: daysAgo(0.5),
    rows: 312_004,
  },
  {
    feed: 'kev',
    title: 'CISA KEV',
    used: 'vulnerabilities that are known to be exploited',
    missing: false,
    as_of: daysAgo(9),
    imported: daysAgo(9),
    rows: 1467,
  },
  {
    feed: 'aliases',
    title: 'Advisory aliases',
    used: 'which advisories are the same',
    missing: true,
    rows: 0,
  },
]

export const overview: Overview = {
  open: tally(131, 1930, 4870, 2544, 480, 45),
  priorities: [
    { value: 'now', count: 38 },
    { value: 'soon', count: 412 },
    { value: 'planned', count: 3100 },
    { value: 'watch', count: 6450 },
  ],
  applications,
  total: applications.length,
  top: findings(40)
    .filter((f, i, all) => all.findIndex(x => x.title === f.title) === i)
    .slice(0, 10),
  new_week: 214,
  resolved_week: 169,
  observations: 41_870,
  findings: 15_756,
  unscanned: 5,
  held: 1,
  feeds,
}

export const emptyOverview: Overview = {
  ...overview,
  open: [],
  priorities: [],
  applications: [],
  total: 0,
  top: [],
  new_week: 0,
  resolved_week: 0,
  observations: 0,
  findings: 0,
  unscanned: 0,
  held: 0,
  feeds: feeds.map(f => ({ ...f, missing: true })),
}

const series = (
  tool: string,
  ref: string,
  present: number,
  age: number,
  more: Partial<Schema['Series']> = {},
): Schema['Series'] => ({
  tool,
  ref,
  present,
  scans: 12,
  first_scan: daysAgo(180),
  last_scan: daysAgo(age),
  last_full: daysAgo(age),
  ...more,
})

export const storefront: ApplicationDetail = {
  ...(applications[0] as Application),
  asset_list: [
    {
      id: '0199a2b4-7c00-7000-9000-000000000001',
      application: 'storefront',
      kind: 'repository',
      name: 'acme/storefront',
      default_ref: 'main',
      open: tally(12, 220, 900, 600),
      max_score: 98.2,
      last_scan: daysAgo(0.2),
      scans: [
        series('semgrep', 'main', 412, 0.2),
        series('semgrep', 'feature/cart', 409, 1),
        series('gitleaks', 'main', 3, 44),
        series('trivy', 'main', 1317, 0.2, { category: 'fs', last_full: undefined }),
      ],
    },
    {
      id: '0199a2b4-7c00-7000-9000-000000000002',
      application: 'storefront',
      kind: 'image',
      name: 'registry.acme.example/storefront:2.8',
      open: tally(29, 310, 1000, 604),
      max_score: 82.3,
      last_scan: daysAgo(2),
      scans: [series('trivy', '', 1943, 2)],
    },
    {
      id: '0199a2b4-7c00-7000-9000-000000000003',
      application: 'storefront',
      kind: 'endpoint',
      name: 'https://shop.acme.example',
      open: [],
      max_score: 0,
      scans: [],
    },
  ],
}

export const unscanned: ApplicationDetail = { ...(applications[6] as Application), asset_list: [] }

const verdict = (stage: string, outcome: Verdict['outcome'], reasons: Verdict['reasons']): Verdict => ({
  outcome,
  stage,
  application: 'storefront',
  judged: 4020,
  excluded: 96,
  severities: [],
  closed: [
    { name: 'false_positive', count: 60 },
    { name: 'accepted', count: 36 },
  ],
  scans: [],
  rules: 8,
  passed: ['verified-secret', 'critical'],
  applied: ['baseline'],
  facts: 'sha256:11',
  reasons,
  bundle: 'sha256:9f2c41d07b6e5a',
  evaluated_at: daysAgo(0),
})

/** Answers the gate by its stage. */
export function answerGate({ body }: { body: unknown }): Verdict {
  const stage = (body as Schema['GateRequest']).stage
  const top = findings(20).slice(0, 2)
  if (stage === 'commit') return verdict(stage, 'pass', [])
  if (stage === 'build') {
    return verdict(stage, 'warn', [
      {
        policy: 'baseline',
        about: 'finding',
        rule: 'fixable-high',
        action: 'warn',
        message: 'High findings with a known fix should not get older than 30 days',
        fix: 'Upgrade the components that have a fixed version.',
        count: 14,
        findings: [],
      },
    ])
  }
  return verdict(stage, 'block', [
    {
      policy: 'baseline',
      about: 'finding',
      rule: 'known-exploited',
      action: 'block',
      message: 'Nothing that is known to be exploited may be deployed',
      fix: 'Upgrade dev.lattice/lattice-log to 2.17.1',
      count: 17,
      findings: top.map(f => ({
        id: f.id,
        title: f.title,
        severity: f.severity,
        score: f.score,
        place: f.place,
        fix: 'upgrade to 2.17.1',
      })),
    },
    {
      policy: 'baseline',
      about: 'scan',
      rule: 'scanned-recently',
      action: 'undecided',
      message: 'Every repository must have been scanned for secrets in the last 30 days',
      count: 1,
      unknown: 1,
      missing: ['scan.finished_at'],
      findings: [{ id: 'gitleaks', title: 'gitleaks on acme/storefront', why: 'the scan has no time' }],
    },
  ])
}
