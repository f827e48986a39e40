import { useCallback, useMemo } from 'react'
import { useLocation, useNavigate } from 'react-router'
import { decodeView, encodeView, type View } from '../../lib/filter'

/**
 * The view in the address, and how to change it. Typing replaces the entry of
 * the history, choosing adds one. What is on the screen changes together with
 * the address, so that a second change never starts from the view before.
 */
export function useView(): [View, (next: View, replace?: boolean) => void] {
  const { search } = useLocation()
  const navigate = useNavigate()
  const view = useMemo(() => decodeView(search), [search])
  const set = useCallback(
    (next: View, replace = false) =>
      void navigate({ search: encodeView(next) }, { replace, flushSync: true }),
    [navigate],
  )
  return [view, set]
}
