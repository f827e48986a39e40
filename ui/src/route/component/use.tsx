import { Fragment } from 'react'
import { Link } from 'react-router'
import { type Component, type ComponentNode, useComponentUse } from '../../api/inventory'
import { LoadingPanels } from '../../kit/state'
import css from './use.module.css'

/** How an asset comes to a component: the ways from the root, who uses it, what it uses. */
export function Use({ component: c }: { component: Component }) {
  const use = useComponentUse(c)
  if (!c.reference && !c.purl)
    return <div className={css.use}>The document gives it no reference: nothing can point to it.</div>
  if (use.isPending)
    return (
      <div className={css.use}>
        <LoadingPanels heights={[48]} />
      </div>
    )
  if (use.isError)
    return (
      <div className={css.use} role="alert">
        {use.error.message}
      </div>
    )
  const u = use.data
  if (!u) return <div className={css.use}>A newer scan no longer lists it. Reload the page.</div>
  return (
    <div className={css.use}>
      <h3 className={css.title}>How it comes in</h3>
      {u.paths.length === 0 ? (
        <p className={css.none}>
          {u.graph
            ? 'No path leads from a root to it in the document’s graph.'
            : `The document of ${c.tool} lists no dependencies: how it comes in is unknown.`}
        </p>
      ) : (
        <ol className={css.paths}>
          {u.paths.map(p => (
            <li key={p.map(n => n.reference).join('\n')}>
              {p.map((n, i) => (
                <Fragment key={n.reference}>
                  {i > 0 && <span className={css.then}> › </span>}
                  <Name node={n} />
                </Fragment>
              ))}
            </li>
          ))}
        </ol>
      )}
      {u.more_paths && <p className={css.none}>There are more paths; these are the shortest.</p>}
      <Neighbours title="Used by" nodes={u.dependents} />
      <Neighbours title="Uses" nodes={u.depends_on} />
    </div>
  )
}

function Neighbours({ title, nodes }: { title: string; nodes: readonly ComponentNode[] }) {
  if (nodes.length === 0) return null
  return (
    <>
      <h3 className={css.title}>{title}</h3>
      <p className={css.names}>
        {nodes.map((n, i) => (
          <Fragment key={n.reference}>
            {i > 0 && ', '}
            <Name node={n} />
          </Fragment>
        ))}
      </p>
    </>
  )
}

/** A component of the graph; one that the inventory knows leads to a search for it. */
function Name({ node: n }: { node: ComponentNode }) {
  const words = [n.name, n.version].filter(Boolean).join(' ')
  if (!n.purl) return <span>{words}</span>
  return <Link to={`/components?${new URLSearchParams({ q: n.name })}`}>{words}</Link>
}
