import { useSyncExternalStore } from 'react'
import { age, ago, stamp } from '../lib/format'

let now = Date.now()
const watchers = new Set<() => void>()
let timer: ReturnType<typeof setInterval> | undefined

function watch(fn: () => void): () => void {
  watchers.add(fn)
  timer ??= setInterval(() => {
    now = Date.now()
    for (const w of watchers) w()
  }, 30_000)
  return () => {
    watchers.delete(fn)
    if (watchers.size === 0) {
      clearInterval(timer)
      timer = undefined
    }
  }
}

/** The present time, moved on every half minute for all who show it. */
export const useNow = (): number => useSyncExternalStore(watch, () => now)

/** How long ago something was, with the exact time to be seen on hovering. */
export function Ago({ at, brief }: { at: string | undefined; brief?: boolean }) {
  const t = useNow()
  if (!at) return <span>never</span>
  return (
    <time dateTime={at} title={stamp(at)}>
      {brief ? age(at, t) : ago(at, t)}
    </time>
  )
}
