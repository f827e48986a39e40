import { useEffect, useLayoutEffect, useRef } from 'react'
import { flushSync } from 'react-dom'
import type { createBrowserRouter } from 'react-router'
import { isTyping, Keyboard, keyName, type Table } from '../lib/keys'

/** One for the whole tab: two listeners would not know what the other did with a key. */
const keyboard = new Keyboard({
  taken: () => document.querySelector('[role="dialog"]') !== null,
  // Deprecated, but the only way to type that keeps undo and tells React.
  type: key =>
    isTyping(document.activeElement) && (key.length > 1 || document.execCommand('insertText', false, key)),
  run: flushSync,
  later: f => void setTimeout(f),
})

/**
 * Names the keys of a part of the page while it is mounted. Nothing is heard
 * while someone types or a dialog is open, so that a shortcut never does more
 * than the eye expects. Shortcuts of the frame give way to those of the page.
 * While what they are for is loading, keys wait for it.
 */
export function useKeys(table: Table, { frame = false, loading = false } = {}) {
  const latest = useRef(table)
  // In the commit itself: an effect after it would leave a moment in which a key acts on what was.
  useLayoutEffect(() => {
    latest.current = table
  })
  useLayoutEffect(
    () => (loading ? keyboard.hold() : keyboard.add(() => latest.current, frame)),
    [frame, loading],
  )
}

/** Lets keys wait for a part of the page that names its own when it has loaded. */
export function useKeysWait(loading: boolean) {
  useKeys(none, { loading })
}

const none: Table = {}

/** Tells that the page of a location (by its key) is on the screen; for the frame around the pages. */
export function useKeysArrive(location: string) {
  useLayoutEffect(() => keyboard.arrive(location), [location])
}

/** Listens to the keys, once for the whole application, and to where the router is going. */
export function useKeyboard(router: ReturnType<typeof createBrowserRouter>) {
  useEffect(() => {
    const follow = (s: typeof router.state) => keyboard.leave((s.navigation.location ?? s.location).key)
    follow(router.state)
    const stop = router.subscribe(follow)
    document.addEventListener('keydown', press)
    return () => {
      stop()
      document.removeEventListener('keydown', press)
    }
  }, [router])
}

function press(e: KeyboardEvent) {
  if (e.defaultPrevented || isTyping(e.target)) return
  const name = keyName(e)
  if (!name) return
  // Enter on a link or button is that link's or button's own, but for keys pressed before it that still wait.
  const own = name === 'Enter' && e.target instanceof Element && e.target.closest('a, button, summary')
  if (own && !keyboard.behind) return
  // The time of the key and not of this call, which comes late when the page is busy.
  if (keyboard.press(name, e.timeStamp)) e.preventDefault()
}
