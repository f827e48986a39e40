import type { Report, Schema } from '../../api/client'
import { daysAgo } from './findings'

const nothing: Report['result'] = {
  records: 0,
  observations: 0,
  new: 0,
  changed: 0,
  unchanged: 0,
  reopened: 0,
  resolved: 0,
  quarantined: 0,
  components: 0,
  would_resolve: 0,
  seconds: 0,
}

export function report(n: number, more: Partial<Report>, result: Partial<Report['result']> = {}): Report {
  return {
    id: `0199a2b4-7c00-7000-a000-${String(n).padStart(12, '0')}`,
    name: 'trivy.json',
    digest: 'sha256:4c1d0e3b9f7a8e6d5c4b3a291807f6e5d4c3b2a1908f7e6d5c4b3a2918070615',
    size: 2_480_113,
    application: 'storefront',
    asset: 'acme/storefront',
    asset_kind: 'repository',
    ref: 'main',
    commit: '4f1d2c9ab7e6d5c4b3a2',
    format: 'trivy',
    confidence: 100,
    tools: ['trivy'],
    scope: 'full',
    state: 'applied',
    by: 'storefront pipeline',
    received: daysAgo(n * 0.3),
    scanned_at: daysAgo(n * 0.3 + 0.01),
    finished: daysAgo(n * 0.3),
    progress: { phase: 'done', read: 2_480_113, records: 1317 },
    ...more,
    result: { ...nothing, records: 1317, observations: 1311, unchanged: 1270, seconds: 0.42, ...result },
  }
}

export const applied = report(
  1,
  {},
  {
    new: 34,
    changed: 5,
    reopened: 2,
    resolved: 11,
    quarantined: 3,
    components: 412,
    steps: { decode: 0.11, match: 0.08, write: 0.23 },
    notes: ['6 records name a package that is not part of the target; they are kept'],
  },
)
export const held = report(
  2,
  {
    name: 'semgrep.sarif',
    format: 'sarif',
    tools: ['semgrep'],
    state: 'held',
    reason: 'It has 12 findings; the scan before had 412.',
  },
  { new: 1, unchanged: 11, would_resolve: 401 },
)
export const failed = report(3, {
  name: 'report.pdf',
  format: '',
  tools: [],
  state: 'failed',
  asset: '',
  reason: 'No format knows this file: it begins with "%PDF-1.7".',
})
export const applying = report(4, {
  name: 'sbom.cdx.json',
  state: 'applying',
  progress: { phase: 'matching', read: 1_400_000, records: 8400 },
})

export const reports: Report[] = [
  applying,
  applied,
  held,
  report(
    5,
    {
      name: 'gitleaks.json',
      format: 'gitleaks',
      tools: ['gitleaks'],
      application: 'payments',
      asset: 'acme/payments-api',
    },
    { new: 1 },
  ),
  failed,
  report(6, { duplicate_of: applied.id }),
  report(
    7,
    {
      name: 'zap.xml',
      format: 'zap',
      tools: ['zap'],
      scope: 'part',
      asset: 'https://shop.acme.example',
      asset_kind: 'endpoint',
      ref: undefined,
    },
    { resolved: 0, new: 12, quarantined: 1 },
  ),
]

export const quarantine: Schema['QuarantineList'] = {
  total: 3,
  items: [
    {
      record: 17,
      offset: 48_213,
      pointer: '/Results/2/Vulnerabilities/17',
      reason: 'severity: want a word, found a number',
      raw: '{"VulnerabilityID":"CVE-2024-0001","Severity":3,"PkgName":"left"}',
    },
    {
      record: 902,
      offset: 1_202_004,
      pointer: '/Results/9/Vulnerabilities/2',
      reason: 'neither a package nor a path: there is nothing to tie it to',
    },
  ],
}
