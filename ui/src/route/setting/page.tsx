import { Link, useSearchParams } from 'react-router'
import { Page } from '../../kit/page'
import { Appearance } from './appearance'
import { Feeds } from './feeds'
import css from './page.module.css'
import { PoliciesPanel } from './policies'
import { Tokens } from './tokens'

const parts = [
  { key: 'feeds', label: 'Feeds', Part: Feeds },
  { key: 'tokens', label: 'API tokens', Part: Tokens },
  { key: 'policies', label: 'Policies', Part: PoliciesPanel },
  { key: 'appearance', label: 'Appearance', Part: Appearance },
] as const

/** The parts of the settings; which one is shown stands in the address. */
export function SettingsPage() {
  const [query] = useSearchParams()
  const now = parts.find(p => p.key === query.get('part')) ?? parts[0]
  return (
    <Page title="Settings">
      <nav className={css.parts} aria-label="Parts of the settings">
        {parts.map(p => (
          <Link key={p.key} to={`/settings?part=${p.key}`} aria-current={p === now ? 'page' : undefined}>
            {p.label}
          </Link>
        ))}
      </nav>
      <now.Part />
    </Page>
  )
}
