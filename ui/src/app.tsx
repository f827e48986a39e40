import { MantineProvider } from '@mantine/core'
import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import type { createBrowserRouter } from 'react-router'
import { RouterProvider } from 'react-router/dom'
import { onSignedOut, Problem } from './api/client'
import { useKeyboard } from './kit/keys'
import { Toasts } from './kit/toast'
import { rememberPlace } from './route/signin/place'
import { theme, variables } from './theme'

type Router = ReturnType<typeof createBrowserRouter>

/** The whole application around a router; stories give it one of their own. */
export function App({ router }: { router: Router }) {
  const [queries] = useState(newQueryClient)
  useKeyboard(router)
  useEffect(
    () =>
      onSignedOut(() => {
        const { pathname, search } = router.state.location
        if (pathname === '/signin') return
        rememberPlace(pathname + search)
        void router.navigate('/signin', { replace: true })
      }),
    [router],
  )
  return (
    <MantineProvider theme={theme} cssVariablesResolver={variables} defaultColorScheme="auto">
      <QueryClientProvider client={queries}>
        <RouterProvider router={router} />
        <Toasts />
      </QueryClientProvider>
    </MantineProvider>
  )
}

/** Calls that the server refused for a reason are not repeated; lost connections are, once. */
function newQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: 15_000,
        retry: (failures, error) =>
          failures < 1 && !(error instanceof Problem && error.status >= 400 && error.status < 500),
        retryDelay: 600,
      },
    },
  })
}
