import { Link } from 'react-router'
import type { Schema } from '../../api/client'
import { Copy } from '../../kit/copy'
import { Icon } from '../../kit/icon'
import { Facts, Panel } from '../../kit/page'
import { Tag } from '../../kit/tag'
import { findingsURL } from '../../lib/filter'
import css from './component.module.css'

type Props = {
  component: Schema['Component']
  fixes: readonly string[]
  /** Whether a fix is known, even if the tool named no version apart. */
  fixable: boolean
}

/** The package that carries the flaw, and how it came into the application. */
export function Component({ component: c, fixes, fixable }: Props) {
  return (
    <Panel title="Component" aside={<Link to={findingsURL({ component: c.name })}>All its findings</Link>}>
      <Facts
        rows={[
          [
            'Package',
            <span key="p" className={css.name}>
              <code>{c.name}</code>
              {c.version && <code>{c.version}</code>}
              {c.ecosystem && <Tag>{c.ecosystem}</Tag>}
              {c.scope && <Tag>{c.scope}</Tag>}
            </span>,
          ],
          fixes.length > 0
            ? ['Fixed in', <code key="f">{fixes.join(', ')}</code>]
            : !fixable && [
                'Fixed in',
                <span key="f" className="muted">
                  no fixed version is known
                </span>,
              ],
          [
            'Dependency',
            c.direct === undefined ? (
              <span className="muted">direct or not is unknown</span>
            ) : c.direct ? (
              'direct'
            ) : (
              'brought in by another package'
            ),
          ],
          c.purl && [
            'Package URL',
            <span key="u" className={css.name}>
              <code>{c.purl}</code>
              <Copy text={c.purl} label="Copy the package URL" />
            </span>,
          ],
          c.licences && c.licences.length > 0 && ['Licences', c.licences.join(', ')],
        ]}
      />
      {c.path && c.path.length > 1 && (
        <>
          <h3 className={css.sub}>How it gets in</h3>
          <ol className={css.path}>
            {c.path.map((p, i) => (
              <li key={i}>
                {i > 0 && <Icon name="right" size={11} />}
                <code data-last={i === (c.path?.length ?? 0) - 1 || undefined}>{p}</code>
              </li>
            ))}
          </ol>
        </>
      )}
    </Panel>
  )
}
