import { Affix, Notification } from '@mantine/core'
import { useEffect, useSyncExternalStore } from 'react'
import { Icon } from './icon'

type Message = { id: number; text: string; bad: boolean }

let messages: readonly Message[] = []
let last = 0
const watchers = new Set<() => void>()

function set(next: readonly Message[]) {
  messages = next
  for (const w of watchers) w()
}

/** Tells that something was done, or why it was not. */
export function toast(text: string, bad = false) {
  last++
  set([...messages.slice(-2), { id: last, text, bad }])
}

const watch = (fn: () => void) => {
  watchers.add(fn)
  return () => watchers.delete(fn)
}

/** Shows the messages; stands once in the application. */
export function Toasts() {
  const all = useSyncExternalStore(watch, () => messages)
  return (
    <Affix position={{ bottom: 20, right: 20 }} zIndex={400} role="status" aria-live="polite">
      {all.map(m => (
        <Toast key={m.id} message={m} />
      ))}
    </Affix>
  )
}

function Toast({ message }: { message: Message }) {
  const close = () => set(messages.filter(m => m.id !== message.id))
  useEffect(() => {
    const t = setTimeout(() => set(messages.filter(m => m.id !== message.id)), message.bad ? 9000 : 4500)
    return () => clearTimeout(t)
  }, [message])
  return (
    <Notification
      mt={8}
      maw={380}
      withBorder
      color={message.bad ? 'red' : 'teal'}
      icon={<Icon name={message.bad ? 'warning' : 'check'} size={14} />}
      onClose={close}
      closeButtonProps={{ 'aria-label': 'Close message' }}
    >
      {message.text}
    </Notification>
  )
}
