import type { Finding, Schema } from '../../api/client'

/** Findings as a shop's pipeline would bring them; names and places are invented. */

/** The moment that all stories are told at. */
export const now = Date.now()

/** A time some days ago. */
export const daysAgo = (days: number): string => new Date(now - days * 86_400_000).toISOString()

type Seed = Pick<
  Finding,
  'title' | 'kind' | 'severity' | 'score' | 'application' | 'asset' | 'place' | 'tools'
> &
  Partial<Finding>

const seeds: readonly Seed[] = [
  {
    title: 'Remote code execution through template lookups in lattice-log',
    kind: 'vulnerability',
    severity: 'critical',
    score: 98.2,
    application: 'storefront',
    asset: 'acme/storefront',
    place: 'pkg:maven/dev.lattice/lattice-log@2.14.1',
    tools: ['trivy', 'osv-scanner', 'grype'],
    kev: true,
    fixable: true,
    advisory: 'CVE-2021-44228',
    cwe: 502,
  },
  {
    title: 'SQL injection: request parameter reaches a raw query',
    kind: 'code',
    severity: 'high',
    score: 91.4,
    application: 'payments',
    asset: 'acme/payments-api',
    place: 'internal/ledger/search.go:87',
    tools: ['semgrep', 'codeql'],
    cwe: 89,
  },
  {
    title: 'Live cloud access key committed to the repository',
    kind: 'secret',
    severity: 'critical',
    score: 89.0,
    application: 'payments',
    asset: 'acme/payments-api',
    place: 'deploy/legacy/backup.sh:12',
    tools: ['gitleaks'],
    cwe: 798,
  },
  {
    title: 'Storage bucket “acme-invoices” can be read by anyone',
    kind: 'misconfiguration',
    severity: 'high',
    score: 84.7,
    application: 'payments',
    asset: 'acme/infra',
    place: 'aws_s3_bucket.invoices',
    tools: ['checkov', 'kics'],
    fixable: true,
    cwe: 732,
  },
  {
    title: 'Heap buffer overflow in libweave image decoding',
    kind: 'vulnerability',
    severity: 'critical',
    score: 82.3,
    application: 'storefront',
    asset: 'registry.acme.example/storefront:2.8',
    place: 'pkg:deb/debian/libweave7@0.6.1-2',
    tools: ['trivy'],
    kev: true,
    fixable: true,
    advisory: 'CVE-2023-4863',
    cwe: 787,
  },
  {
    title: 'Reflected cross-site scripting in search results',
    kind: 'dynamic',
    severity: 'high',
    score: 77.9,
    application: 'storefront',
    asset: 'https://shop.acme.example',
    place: 'GET https://shop.acme.example/search (q)',
    tools: ['zap'],
    cwe: 79,
  },
  {
    title: 'Server-side request forgery through webhook target',
    kind: 'code',
    severity: 'high',
    score: 74.1,
    application: 'notifications',
    asset: 'acme/notify',
    place: 'src/hooks/deliver.ts:41',
    tools: ['codeql', 'semgrep', 'snyk-code'],
    cwe: 918,
  },
  {
    title: 'Prototype pollution in deep-assign',
    kind: 'vulnerability',
    severity: 'high',
    score: 63.5,
    application: 'storefront',
    asset: 'acme/storefront-web',
    place: 'pkg:npm/deep-assign@3.0.0',
    tools: ['npm-audit', 'osv-scanner'],
    fixable: true,
    advisory: 'GHSA-4hm7-p3c9-xr2v',
    cwe: 1321,
  },
  {
    title: 'Container runs as root',
    kind: 'misconfiguration',
    severity: 'medium',
    score: 51.8,
    application: 'notifications',
    asset: 'acme/notify',
    place: 'Dockerfile:1',
    tools: ['hadolint', 'trivy'],
    fixable: true,
  },
  {
    title: 'Hard-coded JWT signing secret in test configuration',
    kind: 'secret',
    severity: 'medium',
    score: 47.2,
    application: 'identity',
    asset: 'acme/identity',
    place: 'config/test.yaml:33',
    tools: ['gitleaks', 'trufflehog'],
    cwe: 798,
  },
  {
    title: 'TLS certificate verification is switched off',
    kind: 'code',
    severity: 'medium',
    score: 44.6,
    application: 'identity',
    asset: 'acme/identity',
    place: 'internal/ldap/dial.go:58',
    tools: ['gosec'],
    cwe: 295,
  },
  {
    title: 'Regular expression denial of service in route-parser',
    kind: 'vulnerability',
    severity: 'medium',
    score: 38.3,
    application: 'backoffice',
    asset: 'acme/backoffice',
    place: 'pkg:npm/route-parser@0.1.7',
    tools: ['npm-audit'],
    fixable: true,
    advisory: 'CVE-2024-45296',
    cwe: 1333,
  },
  {
    title: 'Cookie without the Secure attribute',
    kind: 'dynamic',
    severity: 'low',
    score: 22.4,
    application: 'backoffice',
    asset: 'https://office.acme.example',
    place: 'GET https://office.acme.example/login',
    tools: ['zap', 'nuclei'],
    cwe: 614,
  },
  {
    title: 'GPL-3.0 licence in a product that is delivered to customers',
    kind: 'licence',
    severity: 'medium',
    score: 30.2,
    application: 'backoffice',
    asset: 'acme/backoffice',
    place: 'pkg:pypi/chartkit@1.2.0',
    tools: ['scancode'],
  },
  {
    title: 'Weak hash (MD5) used for cache keys',
    kind: 'code',
    severity: 'low',
    score: 14.0,
    application: 'storefront',
    asset: 'acme/storefront',
    place: 'src/main/java/shop/cache/KeyMaker.java:19',
    tools: ['spotbugs'],
    cwe: 327,
  },
  {
    title: 'Unrated finding of an in-house checker',
    kind: 'code',
    severity: 'unknown',
    score: 12.5,
    application: '',
    asset: 'acme/experiments',
    place: 'lab/run.py:7',
    tools: ['inhouse-lint'],
  },
  {
    title: 'Pod may escalate privileges',
    kind: 'misconfiguration',
    severity: 'info',
    score: 8.1,
    application: 'notifications',
    asset: 'prod-eu-1',
    place: 'Deployment/notify-worker',
    tools: ['kubescape'],
  },
]

/** A list of any length: the seeds again and again, a little older and lower each time. */
export function findings(n: number): Finding[] {
  return Array.from({ length: n }, (_, i) => {
    const seed = seeds[i % seeds.length] as Seed
    const round = Math.floor(i / seeds.length)
    return {
      status: 'open',
      kev: false,
      fixable: false,
      priority: seed.score >= 80 ? 'now' : seed.score >= 50 ? 'soon' : seed.score >= 25 ? 'planned' : 'watch',
      ...seed,
      id: `0199a2b4-7c00-7000-8000-${String(i).padStart(12, '0')}`,
      asset_id: `0199a2b4-7c00-7000-9000-${String(i % seeds.length).padStart(12, '0')}`,
      score: Math.round(seed.score * 0.9 ** round * 10) / 10,
      first_seen: daysAgo(0.1 + ((i * 7) % 90) + round),
      last_seen: daysAgo(0.1),
    } satisfies Finding
  }).sort((a, b) => b.score - a.score)
}

const all = findings(430)

/** Answers like the server: filters by a few fields, a page at a time. */
export function answerList({ url }: { url: URL }): Schema['FindingList'] {
  const q = url.searchParams
  const has = (name: string, value: string) => !q.get(name) || (q.get(name) ?? '').split(',').includes(value)
  const rows = all.filter(
    f =>
      has('severity', f.severity) &&
      has('kind', f.kind) &&
      has('application', f.application) &&
      f.tools.some(t => has('tool', t)) &&
      (q.get('kev') !== 'true' || f.kev) &&
      `${f.title} ${f.place}`.toLowerCase().includes((q.get('q') ?? '').toLowerCase()),
  )
  const at = Number(q.get('cursor') ?? 0)
  const limit = Number(q.get('limit') ?? 50)
  const narrowed = rows.length < all.length
  return {
    items: rows.slice(at, at + limit),
    next_cursor: at + limit < rows.length ? String(at + limit) : undefined,
    total: narrowed ? { n: rows.length, exact: true } : { n: 10_000, exact: false },
  }
}

export const facets: Schema['Facets'] = {
  exact: false,
  fields: {
    status: [
      { value: 'open', count: 10_000 },
      { value: 'resolved', count: 4312 },
      { value: 'false_positive', count: 871 },
      { value: 'accepted', count: 96 },
      { value: 'not_affected', count: 412 },
      { value: 'suppressed', count: 65 },
    ],
    severity: [
      { value: 'medium', count: 4870 },
      { value: 'high', count: 1930 },
      { value: 'low', count: 2544 },
      { value: 'critical', count: 131 },
      { value: 'info', count: 480 },
      { value: 'unknown', count: 45 },
    ],
    priority: [
      { value: 'now', count: 38 },
      { value: 'soon', count: 412 },
      { value: 'planned', count: 3100 },
      { value: 'watch', count: 6450 },
    ],
    kind: [
      { value: 'vulnerability', count: 6120 },
      { value: 'code', count: 2210 },
      { value: 'misconfiguration', count: 1204 },
      { value: 'dynamic', count: 250 },
      { value: 'secret', count: 96 },
      { value: 'licence', count: 120 },
    ],
    application: [
      { value: 'storefront', label: 'Storefront', count: 4020 },
      { value: 'payments', label: 'Payments', count: 1802 },
      { value: 'backoffice', label: 'Back office', count: 1640 },
      { value: 'notifications', label: 'Notifications', count: 1214 },
      { value: 'identity', label: 'Identity', count: 980 },
      { value: 'unassigned', count: 344 },
    ],
    tool: [
      'trivy',
      'semgrep',
      'osv-scanner',
      'codeql',
      'zap',
      'checkov',
      'gitleaks',
      'gosec',
      'npm-audit',
      'hadolint',
    ].map((value, i) => ({
      value,
      count: Math.round(5200 / (i + 1)),
    })),
    kev: [
      { value: 'true', count: 17 },
      { value: 'false', count: 9983 },
    ],
    fixable: [
      { value: 'true', count: 5210 },
      { value: 'false', count: 4790 },
    ],
  },
}
