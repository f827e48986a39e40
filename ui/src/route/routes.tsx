import type { RouteObject } from 'react-router'
import { Broken, Missing } from './shell/broken'
import { Shell } from './shell/shell'

/** Every page and its address. Pages other than the frame are loaded when they are first opened. */
export const routes: RouteObject[] = [
  {
    path: '/signin',
    lazy: async () => ({ Component: (await import('./signin/page')).SignInPage }),
    ErrorBoundary: Broken,
    HydrateFallback: Blank,
  },
  {
    path: '/',
    Component: Shell,
    ErrorBoundary: Broken,
    HydrateFallback: Blank,
    children: [
      { index: true, lazy: async () => ({ Component: (await import('./overview/page')).OverviewPage }) },
      {
        path: 'findings',
        lazy: async () => ({ Component: (await import('./finding/list-page')).FindingsPage }),
      },
      {
        path: 'findings/:id',
        lazy: async () => ({ Component: (await import('./finding/detail-page')).FindingPage }),
      },
      {
        path: 'applications',
        lazy: async () => ({ Component: (await import('./application/list-page')).ApplicationsPage }),
      },
      {
        path: 'applications/:key',
        lazy: async () => ({ Component: (await import('./application/detail-page')).ApplicationPage }),
      },
      {
        path: 'components',
        lazy: async () => ({ Component: (await import('./component/list-page')).ComponentsPage }),
      },
      {
        path: 'imports',
        lazy: async () => ({ Component: (await import('./import/list-page')).ImportsPage }),
      },
      {
        path: 'imports/:id',
        lazy: async () => ({ Component: (await import('./import/detail-page')).ImportPage }),
      },
      { path: 'settings', lazy: async () => ({ Component: (await import('./setting/page')).SettingsPage }) },
      { path: '*', Component: Missing },
    ],
  },
]

/** Shown for the moment before the first page has arrived. */
function Blank() {
  return null
}
