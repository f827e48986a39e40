import type { ReactNode } from 'react'
import type { Finding, Status } from '../api/client'
import { statusWord } from '../lib/severity'
import { Icon, type IconName } from './icon'
import css from './tag.module.css'

export type Tone = 'plain' | 'accent' | 'good' | 'warn' | 'bad' | 'high'

/** A short word in a small frame. */
export function Tag({
  tone = 'plain',
  title,
  icon,
  children,
}: {
  tone?: Tone
  title?: string
  icon?: IconName
  children: ReactNode
}) {
  return (
    <span className={css.tag} data-tone={tone} title={title}>
      {icon && <Icon name={icon} size={11} />}
      {children}
    </span>
  )
}

const statusTone: Record<Status, Tone> = {
  open: 'high',
  resolved: 'good',
  false_positive: 'plain',
  accepted: 'warn',
  not_affected: 'plain',
  suppressed: 'plain',
}

export function StatusTag({ status }: { status: Status }) {
  return <Tag tone={statusTone[status]}>{statusWord[status]}</Tag>
}

export const kindIcon: Record<Finding['kind'], IconName> = {
  vulnerability: 'package',
  code: 'code',
  secret: 'key',
  misconfiguration: 'cloud',
  dynamic: 'globe',
  licence: 'licence',
  quality: 'wrench',
}

/** A key as it stands on a keyboard. */
export function Key({ children }: { children: string }) {
  return <kbd className={css.key}>{children}</kbd>
}
