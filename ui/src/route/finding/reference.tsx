import { Link } from 'react-router'
import type { FindingDetail } from '../../api/client'
import { Icon } from '../../kit/icon'
import { Facts, Panel } from '../../kit/page'
import { WebLink } from '../../kit/prose'
import { findingsURL } from '../../lib/filter'
import { webLink } from '../../lib/prose'
import css from './reference.module.css'

/** Advisories and weaknesses, which lead to all findings that name them, and where to read on. */
export function References({ finding: f }: { finding: FindingDetail }) {
  const links = [...new Set([f.check.url, ...(f.references ?? [])])].filter(u => webLink(u))
  const advisories = f.advisories ?? []
  const weaknesses = f.cwes ?? []
  if (links.length === 0 && advisories.length === 0 && weaknesses.length === 0) return null
  return (
    <Panel title="References">
      <Facts
        rows={[
          advisories.length > 0 && [
            'Advisories',
            <span key="a" className={css.list}>
              {advisories.map(a => (
                <Link key={a} to={findingsURL({ advisory: a })} title={`All findings of ${a}`}>
                  {a}
                </Link>
              ))}
            </span>,
          ],
          weaknesses.length > 0 && [
            'Weaknesses',
            <span key="w" className={css.list}>
              {weaknesses.map(w => (
                <Link
                  key={w.id}
                  to={findingsURL({ cwe: [String(w.id)] })}
                  title={`All findings of CWE-${w.id}`}
                >
                  CWE-{w.id}
                  {w.name && w.name !== `CWE-${w.id}` && ` ${w.name}`}
                </Link>
              ))}
            </span>,
          ],
          f.check.guideline && ['Guideline', f.check.guideline],
        ]}
      />
      {links.length > 0 && (
        <ul className={css.links}>
          {links.map(u => (
            <li key={u}>
              <Icon name="out" size={12} />
              <WebLink href={u}>{u}</WebLink>
            </li>
          ))}
        </ul>
      )}
    </Panel>
  )
}
