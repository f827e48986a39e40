import { ActionIcon, Tooltip } from '@mantine/core'
import { useEffect, useState } from 'react'
import { Icon } from './icon'

/** Copies a text; says so for a moment. Where the browser refuses, the text stays selectable by hand. */
export function Copy({ text, label = 'Copy' }: { text: string; label?: string }) {
  const [said, say] = useState('')
  useEffect(() => {
    if (!said) return
    const t = setTimeout(() => say(''), 1500)
    return () => clearTimeout(t)
  }, [said])
  const copy = () => {
    const done = navigator.clipboard?.writeText(text) ?? Promise.reject(new Error('no clipboard'))
    done.then(
      () => say('Copied'),
      () => say('Select and copy it by hand'),
    )
  }
  return (
    <Tooltip label={said || label} opened={said ? true : undefined} openDelay={350}>
      <ActionIcon size={22} onClick={copy} aria-label={label}>
        <Icon name={said === 'Copied' ? 'check' : 'copy'} size={13} />
      </ActionIcon>
    </Tooltip>
  )
}
