import { type ReactNode, useEffect } from 'react'
import { Link } from 'react-router'
import { Icon } from './icon'
import css from './page.module.css'

/** A page with its title, what stands beside it, and its content at reading width or wide. */
export function Page(props: {
  title: ReactNode
  /** The title of the browser's tab when `title` is more than text. */
  name?: string
  back?: { to: string; label: string }
  lead?: ReactNode
  actions?: ReactNode
  children: ReactNode
}) {
  const { title, back, lead, actions, children } = props
  useTitle(props.name ?? (typeof title === 'string' ? title : ''))
  return (
    <div className={css.page}>
      <header className={css.head}>
        <div className={css.words}>
          {back && (
            <Link to={back.to} className={css.back}>
              <Icon name="left" size={12} /> {back.label}
            </Link>
          )}
          <h1 className={css.title}>{title}</h1>
          {lead && <div className={css.lead}>{lead}</div>}
        </div>
        {actions && <div className={css.actions}>{actions}</div>}
      </header>
      {children}
    </div>
  )
}

/** Names the browser's tab. */
export function useTitle(name: string) {
  useEffect(() => {
    document.title = name ? `${name} · Stance` : 'Stance'
  }, [name])
}

/** A framed part of a page. */
export function Panel(props: {
  title?: ReactNode
  aside?: ReactNode
  /** Leaves out the inner padding, for lists that reach the frame. */
  flush?: boolean
  id?: string
  children: ReactNode
}) {
  const { title, aside, flush, id, children } = props
  return (
    <section className={css.panel} id={id} aria-labelledby={id && title ? `${id}-title` : undefined}>
      {(title || aside) && (
        <div className={css.panelHead}>
          {title && (
            <h2 className={css.panelTitle} id={id ? `${id}-title` : undefined}>
              {title}
            </h2>
          )}
          {aside && <div className={css.aside}>{aside}</div>}
        </div>
      )}
      <div className={flush ? css.flush : css.body}>{children}</div>
    </section>
  )
}

/** Facts as pairs of name and value. */
export function Facts({
  rows,
}: {
  rows: readonly (readonly [string, ReactNode] | undefined | false | '')[]
}) {
  return (
    <dl className={css.facts}>
      {rows.map(
        row =>
          row && (
            <div key={row[0]}>
              <dt>{row[0]}</dt>
              <dd>{row[1]}</dd>
            </div>
          ),
      )}
    </dl>
  )
}
