import { useEffect, useRef } from 'react'
import { isTyping, keyName, Pairs } from '../lib/keys'

type Table = Record<string, (e: KeyboardEvent) => void>

/**
 * Listens for shortcuts while mounted: `{ j: next, 'g f': go }`. Nothing is
 * heard while someone types or a dialog is open, so that a shortcut never
 * does more than the eye expects.
 */
export function useKeys(table: Table, on = true) {
  const latest = useRef(table)
  useEffect(() => {
    latest.current = table
  })
  const leaders = Object.keys(table)
    .filter(k => k.includes(' ') && k.length > 1)
    .map(k => k.split(' ')[0])
    .join()
  useEffect(() => {
    if (!on) return
    const pairs = new Pairs(new Set(leaders.split(',').filter(Boolean)))
    const press = (e: KeyboardEvent) => {
      if (e.defaultPrevented || isTyping(e.target) || document.querySelector('[role="dialog"]')) return
      const name = keyName(e)
      if (!name) return
      // Enter on a link or button is that link's or button's own.
      if (name === 'Enter' && e.target instanceof Element && e.target.closest('a, button, summary')) return
      const act = latest.current[pairs.press(name, Date.now())]
      if (!act) return
      e.preventDefault()
      act(e)
    }
    document.addEventListener('keydown', press)
    return () => document.removeEventListener('keydown', press)
  }, [on, leaders])
}
