import '@mantine/core/styles.css'
import './style/global.css'
import { createRoot } from 'react-dom/client'
import { createBrowserRouter } from 'react-router'
import { App } from './app'
import { routes } from './route/routes'

const root = document.getElementById('root')
if (!root) throw new Error('index.html has no element #root')
createRoot(root).render(<App router={createBrowserRouter(routes)} />)
