import type { Schema } from '../../api/client'
import type { Component, ComponentUse } from '../../api/inventory'
import { daysAgo } from './findings'

/** Components of an invented shop. */
export function component(name: string, version: string, more: Partial<Component> = {}): Component {
  return {
    purl: `pkg:npm/${name}@${version}`,
    reference: `pkg:npm/${name}@${version}`,
    ecosystem: 'npm',
    name,
    version,
    type: 'library',
    licences: ['MIT'],
    direct: false,
    application: 'storefront',
    asset: 'acme/storefront',
    asset_id: '0199a2b4-7c00-7000-a000-000000000001',
    ref: 'main',
    tool: 'syft',
    seen: daysAgo(2),
    open_findings: 0,
    ...more,
  }
}

export const components: Component[] = [
  component('lattice-log', '2.14.1', {
    purl: 'pkg:maven/org.lattice/lattice-log@2.14.1',
    ecosystem: 'maven',
    group: 'org.lattice',
    licences: ['Apache-2.0'],
    open_findings: 3,
  }),
  component('lattice-log', '2.9.0', {
    purl: 'pkg:maven/org.lattice/lattice-log@2.9.0',
    ecosystem: 'maven',
    group: 'org.lattice',
    licences: ['Apache-2.0'],
    application: 'payments',
    asset: 'acme/payments-api',
    direct: true,
    tool: 'cdxgen',
    seen: daysAgo(12),
    open_findings: 1,
  }),
  component('left-hand', '1.3.0', { direct: true, scope: 'dev' }),
  component('openbox', '', {
    purl: undefined,
    direct: undefined,
    licences: [],
    application: '',
    asset: 'unassigned image',
    ref: undefined,
  }),
]

export const inventory = (items: Component[], more: Partial<Schema['InventoryList']> = {}) => ({
  items,
  unknown_versions: 0,
  question: { text: '' },
  ...more,
})

/** The use of a component that two others bring in. */
export const use = (c: Component): ComponentUse => {
  const node = { reference: c.reference ?? '', name: c.name, version: c.version, purl: c.purl }
  const root = { reference: 'root', name: 'storefront' }
  const web = { reference: 'web', name: 'webframe', version: '4.2.0', purl: 'pkg:npm/webframe@4.2.0' }
  const audit = {
    reference: 'audit',
    name: 'audit-trail',
    version: '0.9.1',
    purl: 'pkg:npm/audit-trail@0.9.1',
  }
  return {
    component: c,
    graph: true,
    paths: [
      [root, web, node],
      [root, web, audit, node],
    ],
    more_paths: true,
    dependents: [web, audit],
    depends_on: [],
  }
}
