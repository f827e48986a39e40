// Reports for the tests, made here: SARIF as any tool may write it.

/** A SARIF report of a made-up tool with n results, each in a file of its own. */
export function sarif(n, { tool = 'e2e-checker', message = i => `Flaw number ${i}`, extra = [], help = '' } = {}) {
  return {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: { driver: { name: tool, rules: [{ id: 'e2e/flaw', shortDescription: { text: 'A flaw for tests' }, help: { text: help || 'Mend it.', markdown: help || 'Mend it.' } }] } },
        results: [
          ...Array.from({ length: n }, (_, i) => ({
            ruleId: 'e2e/flaw',
            level: i % 3 === 0 ? 'error' : 'warning',
            message: { text: message(i) },
            locations: [
              {
                physicalLocation: {
                  artifactLocation: { uri: `src/part${i}/main.go` },
                  region: { startLine: 10 + i, snippet: { text: `\trun(input${i})` } },
                  contextRegion: { startLine: 9 + i, snippet: { text: `func part${i}() {\n\trun(input${i})\n}` } },
                },
              },
            ],
          })),
          ...extra,
        ],
      },
    ],
  }
}

/** A file as a browser's file field takes it. */
export const file = (name, content) => ({
  name,
  mimeType: 'application/json',
  buffer: Buffer.from(typeof content === 'string' ? content : JSON.stringify(content)),
})

/** CISA's catalogue of known exploited vulnerabilities with one entry. */
export const kev = (cveID, now) => ({
  title: 'CISA Catalog of Known Exploited Vulnerabilities',
  catalogVersion: now.toISOString().slice(0, 10).replaceAll('-', '.'),
  dateReleased: now.toISOString(),
  count: 1,
  vulnerabilities: [{ cveID, vendorProject: 'x', product: 'y', vulnerabilityName: 'z', dateAdded: '2026-01-30', shortDescription: '', requiredAction: '', dueDate: '2026-02-20', knownRansomwareCampaignUse: 'Unknown', notes: '' }],
})
