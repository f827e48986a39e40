import '@mantine/core/styles.css'
import '../style/global.css'
import { createRoot } from 'react-dom/client'
import { createMemoryRouter } from 'react-router'
import { App } from '../app'
import { routes } from '../route/routes'
import { install, type Story } from './story'

/** Every `*.story.ts` beside a page, found at build time. */
const modules = import.meta.glob<{ stories: readonly Story[] }>('../route/**/*.story.ts', { eager: true })
const stories = Object.values(modules).flatMap(m => m.stories)

const wanted = new URLSearchParams(location.search).get('story')
const story = stories.find(s => s.name === wanted)
const root = createRoot(document.getElementById('root') as HTMLElement)
if (story) {
  install(story.answers)
  root.render(<App router={createMemoryRouter(routes, { initialEntries: [story.path] })} />)
} else {
  root.render(
    <main style={{ padding: 32 }}>
      <h1>Stories</h1>
      <ul>
        {stories.map(s => (
          <li key={s.name}>
            <a href={`?story=${s.name}`}>{s.name}</a>
          </li>
        ))}
      </ul>
    </main>,
  )
}
