import { Button, Skeleton } from '@mantine/core'
import type { ReactNode } from 'react'
import { Problem } from '../api/client'
import { Icon, type IconName } from './icon'
import css from './state.module.css'

/** Nothing to show: why, and what to do next. */
export function Empty(props: {
  icon: IconName
  title: string
  /** Whether it is all that the page shows, so that its title is the page's. */
  alone?: boolean
  children?: ReactNode
  action?: ReactNode
}) {
  const Title = props.alone ? 'h1' : 'h2'
  return (
    <div className={css.state}>
      <span className={css.icon}>
        <Icon name={props.icon} size={20} />
      </span>
      <Title className={css.title}>{props.title}</Title>
      {props.children && <div className={css.words}>{props.children}</div>}
      {props.action}
    </div>
  )
}

/** Something failed: what the server said, and a way to try again. */
export function Failure({ error, retry, what }: { error: unknown; retry?: () => void; what: string }) {
  const message = error instanceof Error ? error.message : 'Something unexpected happened.'
  const missing = error instanceof Problem && error.status === 404
  return (
    <div className={css.state} role="alert">
      <span className={css.icon} data-bad>
        <Icon name={missing ? 'search' : 'warning'} size={20} />
      </span>
      <h2 className={css.title}>
        {missing
          ? `This ${what} is not here`
          : `Can’t show ${what.startsWith('the ') ? what : `this ${what}`}`}
      </h2>
      <div className={css.words}>{message}</div>
      {retry && !missing && (
        <Button onClick={retry} variant="default" leftSection={<Icon name="refresh" size={14} />}>
          Try again
        </Button>
      )}
    </div>
  )
}

/** Lines that stand for a list while it loads. */
export function LoadingRows({ rows = 8, height = 56 }: { rows?: number; height?: number }) {
  return (
    <div role="status" aria-label="Loading" className={css.rows}>
      {Array.from({ length: rows }, (_, i) => (
        <div key={i} className={css.row} style={{ height }}>
          <Skeleton width={34} height={22} />
          <div style={{ flex: 1, minWidth: 0 }}>
            <Skeleton width={`${72 - ((i * 17) % 38)}%`} height={11} mb={8} />
            <Skeleton width={`${46 - ((i * 11) % 22)}%`} height={9} />
          </div>
          <Skeleton width={70} height={10} />
        </div>
      ))}
    </div>
  )
}

/** Blocks that stand for panels while they load. */
export function LoadingPanels({ heights }: { heights: readonly number[] }) {
  return (
    <div role="status" aria-label="Loading" className={css.panels}>
      {heights.map((h, i) => (
        <Skeleton key={i} height={h} radius={8} />
      ))}
    </div>
  )
}

/** A sentence that stands out: something needs attention, with a way to act. */
export function Notice(props: {
  tone: 'warn' | 'bad' | 'good' | 'info'
  title: ReactNode
  children?: ReactNode
  action?: ReactNode
}) {
  const icon: IconName = props.tone === 'good' ? 'check' : props.tone === 'info' ? 'help' : 'warning'
  return (
    <div className={css.notice} data-tone={props.tone} role={props.tone === 'bad' ? 'alert' : 'status'}>
      <Icon name={icon} />
      <div className={css.noticeWords}>
        <strong>{props.title}</strong>
        {props.children && <div>{props.children}</div>}
      </div>
      {props.action && <div className={css.noticeAction}>{props.action}</div>}
    </div>
  )
}

/** A command to type, as it stands in a terminal. */
export function Command({ children }: { children: string }) {
  return <code className={css.command}>{children}</code>
}
