import type { FindingDetail, Observation, Schema } from '../../api/client'
import { daysAgo, findings } from './findings'

/** Whole findings of several kinds; the code, advisories and texts are invented or generic. */

const all = findings(20)
const pick = (kind: string) => {
  const f = all.find(x => x.kind === kind)
  if (!f) throw new Error(`no ${kind} among the findings`)
  return f
}

const report = '0199a2b4-7c00-7000-a000-000000000001'

function observation(tool: string, more: Partial<Observation>): Observation {
  return {
    tool,
    report_id: report,
    present: true,
    first_seen: daysAgo(34),
    last_seen: daysAgo(0.1),
    join_rule: 'first',
    join_confidence: 1,
    title: '',
    severity: 'high',
    check: { id: `${tool}/check` },
    location: {},
    record: 17,
    ...more,
  }
}

const base: Pick<FindingDetail, 'references' | 'refs' | 'decided_by'> = {
  references: [],
  refs: [],
  decided_by: 'evidence',
}

const terms: Schema['ScoreTerm'][] = [
  { name: 'severity', points: 38, input: 'CVSS 9.8, critical', source: 'advisory, CVSS 3.1', unknown: false },
  {
    name: 'kev',
    points: 25,
    input: 'known to be exploited',
    source: 'CISA KEV as of 2026-11-20',
    unknown: false,
  },
  { name: 'epss', points: 14.2, input: 'EPSS 97.5%', source: 'EPSS as of 2026-11-22', unknown: false },
  {
    name: 'exposure',
    points: 12,
    input: 'reachable from the internet',
    source: 'context of application storefront',
    unknown: false,
  },
  {
    name: 'criticality',
    points: 15,
    input: 'criticality critical; data classes pci, pii',
    source: 'context of application storefront',
    unknown: false,
  },
  {
    name: 'reachability',
    points: 0,
    input: 'no evidence either way',
    unknown: true,
    could_add: 8,
    why: 'A call-graph analysis or runtime sensor would tell.',
  },
  {
    name: 'environment',
    points: -6,
    input: 'a web application firewall has a matching rule',
    source: 'edge sensor, today',
    unknown: false,
  },
]

const code = `func (s *Store) Search(ctx context.Context, q Query) ([]Entry, error) {
\tctx, span := tracer.Start(ctx, "ledger.search")
\tdefer span.End()

\tsql := "SELECT id, amount, memo FROM entries WHERE memo LIKE '%" + q.Text + "%'"
\trows, err := s.db.QueryContext(ctx, sql)
\tif err != nil {
\t\treturn nil, fmt.Errorf("search entries: %w", err)
\t}`

/** A vulnerable package seen by three tools. */
export const vulnerability: FindingDetail = {
  statements: [],
  conflicts: [],
  ...pick('vulnerability'),
  ...base,
  check: {
    id: 'CVE-2021-44228',
    description:
      'The logger evaluates lookups in messages. **An attacker who controls a logged value** can make it load and run code from a server of their choice.\n\nAll versions from 2.0 to 2.14.1 are affected in their default configuration.',
    url: 'https://example.com/advisories/CVE-2021-44228',
  },
  advisories: ['CVE-2021-44228', 'GHSA-jfh8-c2jp-5v3q'],
  cwes: [
    { id: 502, name: 'Deserialization of Untrusted Data' },
    { id: 917, name: 'CWE-917' },
  ],
  component: {
    purl: 'pkg:maven/dev.lattice/lattice-log@2.14.1',
    ecosystem: 'maven',
    name: 'dev.lattice/lattice-log',
    version: '2.14.1',
    licences: ['Apache-2.0'],
    path: [
      'acme:storefront@4.2.0',
      'dev.orchard:orchard-web@5.3.9',
      'dev.orchard:orchard-log@5.3.9',
      'dev.lattice:lattice-log@2.14.1',
    ],
    direct: false,
    scope: 'compile',
  },
  fix_versions: ['2.17.1', '2.12.4'],
  fix: 'Upgrading `orchard-web` to **5.3.12** brings the fixed version in without naming it yourself.',
  references: [
    'https://example.com/advisories/CVE-2021-44228',
    'https://lattice.example.org/security',
    'javascript:alert(1)',
  ],
  location: { path: 'pom.xml', start_line: 112 },
  explanation: { score: 98.2, ceiling: 100, priority: 'now', model: 'stance-1', terms },
  observations: [
    observation('trivy', {
      message: 'lattice-log 2.14.1 is vulnerable: CVE-2021-44228',
      severity: 'critical',
      severity_word: 'CRITICAL',
      cvss: [
        { version: '3.1', score: 9.8, vector: 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H', source: 'nvd' },
      ],
      raw: '{"VulnerabilityID":"CVE-2021-44228","PkgName":"dev.lattice:lattice-log","InstalledVersion":"2.14.1","FixedVersion":"2.17.1, 2.12.4","Severity":"CRITICAL"}',
      pointer: '/Results/0/Vulnerabilities/17',
    }),
    observation('osv-scanner', {
      join_rule: 'advisory and component',
      join_detail: 'GHSA-jfh8-c2jp-5v3q = CVE-2021-44228; dev.lattice:lattice-log',
      join_confidence: 0.99,
      severity: 'critical',
    }),
    observation('grype', {
      join_rule: 'advisory and component',
      join_detail: 'CVE-2021-44228; lattice-log@2.14.1',
      join_confidence: 0.94,
      severity: 'high',
      severity_word: 'High',
      present: false,
      last_seen: daysAgo(12),
    }),
  ],
  refs: [
    { ref: 'main', default: true, present: true, as_of: daysAgo(0.1) },
    { ref: 'release/4.2', default: false, present: true, as_of: daysAgo(6) },
    { ref: 'feature/bump-orchard', default: false, present: false, as_of: daysAgo(1) },
  ],
}

/** A flaw in source code, with the way of the data. */
export const injection: FindingDetail = {
  statements: [],
  conflicts: [],
  ...pick('code'),
  ...base,
  decided_by: 'person',
  status: 'accepted',
  triage: {
    status: 'accepted',
    reason: 'Only reachable by the finance team over VPN until the rewrite ships.\nTracked in PAY-2211.',
    by: 'Ada Moreno',
    at: daysAgo(3),
    until: daysAgo(-60),
  },
  check: {
    id: 'go.lang.security.injection.tainted-sql-string',
    description:
      '<p>User input is put into an SQL string by <code>+</code>. Use parameters:</p><pre>db.QueryContext(ctx, "… WHERE memo LIKE $1", "%"+text+"%")</pre><ul><li>Works with every driver</li><li>Faster, as the plan is kept</li></ul>',
    help: '## Why\n\nA query that is put together from text lets whoever writes the text write the query.',
    guideline: 'OWASP A03:2021',
  },
  cwes: [{ id: 89, name: 'SQL Injection' }],
  fix: 'Pass `q.Text` as a parameter of the query instead of joining it into the string.',
  references: ['https://example.com/docs/sql-injection'],
  location: {
    path: 'internal/ledger/search.go',
    start_line: 87,
    end_line: 87,
    start_column: 9,
    symbol: 'ledger.(*Store).Search',
    snippet: `\tsql := "SELECT id, amount, memo FROM entries WHERE memo LIKE '%" + q.Text + "%'"`,
    context: code,
  },
  explanation: {
    score: 91.4,
    ceiling: 100,
    priority: 'now',
    model: 'stance-1',
    terms: [
      { name: 'severity', points: 45, input: 'high by both tools', unknown: false },
      {
        name: 'exposure',
        points: 12,
        input: 'reachable from partner networks',
        source: 'context of application payments',
        unknown: false,
      },
      {
        name: 'criticality',
        points: 22,
        input: 'criticality critical; data class pci',
        source: 'context of application payments',
        unknown: false,
      },
      { name: 'tools', points: 12.4, input: 'two tools say the same', unknown: false },
      { name: 'reachability', points: 0, input: 'unknown', unknown: true, could_add: 8.6 },
    ],
  },
  observations: [
    observation('semgrep', {
      message: 'Detected string concatenation with a tainted value in an SQL statement.',
      severity_word: 'ERROR',
      confidence: 'high',
      flow: [
        {
          location: {
            path: 'internal/api/ledger.go',
            start_line: 31,
            snippet: '\ttext := r.URL.Query().Get("text")',
          },
          message: 'a request parameter',
        },
        {
          location: {
            path: 'internal/api/ledger.go',
            start_line: 44,
            snippet: '\tentries, err := h.store.Search(ctx, ledger.Query{Text: text})',
          },
        },
        {
          location: {
            path: 'internal/ledger/search.go',
            start_line: 88,
            snippet: '\trows, err := s.db.QueryContext(ctx, sql)',
          },
          message: 'runs as a query',
        },
      ],
      tags: ['owasp-a03', 'cwe-89', 'security'],
      raw: '{"check_id":"go.lang.security.injection.tainted-sql-string","path":"internal/ledger/search.go","start":{"line":87,"col":9}}',
    }),
    observation('codeql', {
      join_rule: 'same weakness and place',
      join_detail: 'CWE-89; internal/ledger/search.go; ledger.(*Store).Search',
      join_confidence: 0.91,
      check: { id: 'go/sql-injection' },
      location: { path: 'internal/ledger/search.go', start_line: 88 },
    }),
  ],
  refs: [{ ref: 'main', default: true, present: true, as_of: daysAgo(0.2) }],
}

/** A secret, masked. */
export const secret: FindingDetail = {
  statements: [],
  conflicts: [],
  ...pick('secret'),
  ...base,
  check: {
    id: 'aws-access-token',
    description: 'An access key of a cloud provider stands in the repository’s history.',
  },
  cwes: [{ id: 798, name: 'Use of Hard-coded Credentials' }],
  fix: '1. Revoke the key\n2. Replace it by a role\n3. Take it out of the file',
  location: {
    path: 'deploy/legacy/backup.sh',
    start_line: 12,
    snippet: 'export AWS_SECRET_ACCESS_KEY=wJal…EY',
    commit: '4f1d2c9ab7',
    author: 'j.doe@acme.example',
    date: '2023-04-02',
  },
  explanation: { score: 89, ceiling: 89, priority: 'now', model: 'stance-1', terms: terms.slice(0, 1) },
  observations: [
    observation('gitleaks', {
      severity: 'critical',
      secret: { masked: 'AKIA…3F', verified: true, detector: 'aws' },
    }),
  ],
}

const word = 'Pneumonoultramicroscopicsilicovolcanoconiosis'
/** Everything too long, hostile or missing, to see that the page holds. */
export const awkward: FindingDetail = {
  statements: [],
  conflicts: [],
  ...pick('code'),
  ...base,
  id: '0199a2b4-7c00-7000-8000-00000000ffff',
  tools: ['a-tool-with-a-very-long-name-indeed', 'semgrep', 'codeql'],
  title: `${word.repeat(3)} <img src=x onerror=alert(1)> a title that goes on and on, as titles of some tools do, well beyond what any designer would have thought of when drawing the page`,
  application: `${word.toLowerCase()}-platform-services`,
  asset: `https://git.acme.example/${word}/${word}/${word}.git`,
  place: `src/${word}/${word}/${word}/${word}.java:10422`,
  check: {
    id: `${word}.${word}.${word}`,
    description: `<script>alert(1)</script> [click](javascript:alert(1)) ![x](https://evil.example/x.png)\n\n${word.repeat(8)}`,
  },
  location: {
    path: `src/${word}/${word}/${word}/${word}.java`,
    start_line: 10422,
    snippet: `${'var x = '.repeat(120)}1;`,
  },
  explanation: {
    score: 3.2,
    ceiling: 63.2,
    priority: 'watch',
    model: 'stance-1',
    terms: [
      {
        name: 'severity',
        points: 0,
        input: 'unknown',
        unknown: true,
        could_add: 60,
        why: 'The tool gave none.',
      },
    ],
  },
  severity: 'unknown',
  score: 3.2,
  observations: [
    observation(word.toLowerCase(), { severity: 'unknown', raw: 'x'.repeat(4000), message: word.repeat(20) }),
  ],
  refs: [{ ref: `feature/${word}-${word}`, default: false, present: true, as_of: daysAgo(400) }],
}

export const history: Schema['History'] = {
  items: [
    {
      valid: daysAgo(36),
      recorded: daysAgo(34),
      type: 'opened',
      by: 'trivy',
      report_id: report,
      detail: 'first reported on main',
    },
    {
      valid: daysAgo(33.9),
      recorded: daysAgo(33.9),
      type: 'joined',
      by: 'osv-scanner',
      report_id: report,
      detail: 'advisory and component: CVE-2021-44228; lattice-log',
    },
    {
      valid: daysAgo(20),
      recorded: daysAgo(20),
      type: 'resolved',
      by: 'trivy',
      report_id: report,
      detail: 'no longer reported on main',
    },
    {
      valid: daysAgo(12),
      recorded: daysAgo(12),
      type: 'reopened',
      by: 'trivy',
      report_id: report,
      detail: 'reported again on main',
    },
    {
      valid: daysAgo(3),
      recorded: daysAgo(3),
      type: 'triaged',
      by: 'Ada Moreno',
      detail: 'accepted: only reachable over VPN',
    },
  ],
}
