// Opens every story of every page, light and dark, wide and narrow, and holds
// it to what all pages must keep: no complaint of the browser, no scrolling
// sideways, no breach of WCAG AA that a machine can find.
//
// It needs the stories built: npm run build -- --mode story (in ui/).
import assert from 'node:assert/strict'
import { createReadStream, existsSync } from 'node:fs'
import { createServer } from 'node:http'
import { extname, join, normalize } from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { breaches, launch, overflow, watch } from './browser.mjs'

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

for (const look of [
  { name: 'wide and light', width: 1440, colorScheme: 'light' },
  { name: 'wide and dark', width: 1440, colorScheme: 'dark' },
  { name: 'narrow and light', width: 380, colorScheme: 'light' },
  { name: 'narrow and dark', width: 380, colorScheme: 'dark' },
]) {
  test(`every story, ${look.name}`, async () => {
    const context = await browser.newContext({ viewport: { width: look.width, height: 900 }, colorScheme: look.colorScheme, reducedMotion: 'reduce' })
    const wrong = []
    for (const name of names.filter(n => n.includes(only))) {
      const page = await context.newPage()
      const complaints = watch(page)
      await page.goto(`${base}?story=${name}`)
      await page.locator('main').first().waitFor()
      await settled(page, name)
      const found = [...complaints, ...(await overflow(page)), ...(await breaches(page))]
      wrong.push(...found.map(f => `${name}: ${f}`))
      await page.close()
    }
    await context.close()
    assert.ok(wrong.length === 0, `\n${wrong.join('\n')}\n`)
  })
}

/** Waits until the page shows what it will show; stories that load for ever are shown loading. */
async function settled(page, name) {
  if (name.endsWith('loading')) await page.locator('[aria-label^=Loading]:visible').first().waitFor()
  else await page.waitForFunction(() => !document.querySelector('[aria-label^="Loading"]') && document.querySelector('h1'))
  await page.waitForTimeout(60) // a frame or two for fonts and measuring
}
