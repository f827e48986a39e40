// Opens every story of every page, light and dark, wide and narrow, and holds
// it to what all pages must keep: no complaint of the browser, no scrolling
// sideways, no breach of WCAG AA that a machine can find.
//
// It needs the stories built: npm run build -- --mode story (in ui/).
import assert from 'node:assert/strict'
import { createReadStream, existsSync } from 'node:fs'
import { createServer } from 'node:http'
import { availableParallelism } from 'node:os'
import { extname, join, normalize } from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { breaches, launch, overflow, patience, slowed, still, watch } from './browser.mjs'

const root = fileURLToPath(new URL('../../ui/dist-story/', import.meta.url))
const types = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml' }
const only = process.env.STORY ?? ''

let server
let browser
let base
let names = []

before(async () => {
  assert.ok(existsSync(join(root, 'story.html')), 'build the stories first: (cd ui && npx vite build --mode story)')
  server = createServer((request, response) => {
    const path = normalize(new URL(request.url, 'http://x').pathname)
    const file = join(root, path)
    if (!file.startsWith(root) || !existsSync(file)) return response.writeHead(404).end()
    response.writeHead(200, { 'Content-Type': types[extname(file)] ?? 'application/octet-stream' })
    createReadStream(file).pipe(response)
  })
  await new Promise(done => server.listen(0, '127.0.0.1', done))
  base = `http://127.0.0.1:${server.address().port}/story.html`
  browser = await launch()
  const page = await browser.newPage()
  await page.goto(base)
  names = await page.locator('li a').allTextContents()
  await page.close()
  assert.ok(names.length > 40, `only ${names.length} stories were found`)
})

after(async () => {
  await browser?.close()
  server?.close()
})

test('every story, wide and narrow, light and dark', async () => {
  const context = await browser.newContext({ reducedMotion: 'reduce' })
  context.setDefaultTimeout(patience)
  const wrong = []
  const left = names.filter(n => n.includes(only))
  const worker = async () => {
    const page = await slowed(await context.newPage())
    const complaints = watch(page)
    for (let name = left.shift(); name; name = left.shift()) {
      for (const flaw of await flaws(page, name)) wrong.push(`${name}, ${flaw}`)
      wrong.push(...complaints.splice(0).map(c => `${name}: ${c}`))
    }
  }
  await Promise.all(Array.from({ length: Math.min(4, availableParallelism()) }, worker))
  await context.close()
  assert.ok(wrong.length === 0, `\n${wrong.join('\n')}\n`)
})

/** What is wrong with a story. It is opened once, since a page must also follow its window and colours when they change. */
async function flaws(page, name) {
  const found = []
  let first = true
  for (const [width, colorScheme] of [[1440, 'light'], [1440, 'dark'], [380, 'dark'], [380, 'light']]) {
    await page.setViewportSize({ width, height: 900 })
    await page.emulateMedia({ colorScheme })
    if (first) await page.goto(`${base}?story=${name}`)
    first = false
    await settled(page, name)
    // Colours change nothing but contrast, so the dark page is held to that alone.
    const wrong = colorScheme === 'light' ? [...(await overflow(page)), ...(await breaches(page))] : await breaches(page, ['color-contrast'])
    found.push(...wrong.map(w => `${width} ${colorScheme}: ${w}`))
  }
  return found
}

/** Waits until the page shows what it will show; stories that load for ever are shown loading. */
async function settled(page, name) {
  await page.locator('main').first().waitFor()
  if (name.endsWith('loading')) await page.locator('[aria-label^=Loading]:visible').first().waitFor()
  else await page.waitForFunction(() => !document.querySelector('[aria-label^="Loading"]') && document.querySelector('h1'))
  await still(page)
}
