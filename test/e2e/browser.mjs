// A browser for the tests: Chromium as the system has it, with nothing that
// talks to the network by itself.
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { chromium } from 'playwright-core'

const require = createRequire(import.meta.url)

/** Starts Chromium; CHROMIUM names another binary. */
export function launch() {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update', '--no-first-run'],
  })
}

/** Collects what a page complains of; nothing of it may happen unseen. */
export function watch(page) {
  const complaints = []
  page.on('pageerror', e => complaints.push(`error: ${e.message}`))
  page.on('console', m => {
    // A refused call is reported by the browser itself; tests of errors expect it.
    if (m.type() === 'error' && !m.text().startsWith('Failed to load resource')) complaints.push(`console: ${m.text()}`)
  })
  return complaints
}

/** Elements that reach beyond the right edge of the page, so that one would have to scroll sideways. */
export function overflow(page) {
  return page.evaluate(() => {
    const wide = []
    for (const box of [document.documentElement, document.querySelector('main')]) {
      if (box && box.scrollWidth > box.clientWidth) {
        const inner = [...box.querySelectorAll('*')].filter(e => e.getBoundingClientRect().right > box.getBoundingClientRect().right + 1)
        wide.push(`${box.tagName} is ${box.scrollWidth} wide of ${box.clientWidth}: ${inner.slice(0, 3).map(e => `${e.tagName}.${e.className}`).join(', ')}`)
      }
    }
    return wide
  })
}

const axeSource = readFile(require.resolve('axe-core/axe.min.js'), 'utf8')

/** Breaches of WCAG 2.1 A and AA that can be found by looking, one line each; of some of its rules, if they are named. */
export async function breaches(page, rules) {
  if (!(await page.evaluate(() => 'axe' in globalThis))) await page.evaluate(await axeSource)
  return page.evaluate(async rules => {
    const runOnly = rules ?? ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa']
    const out = await globalThis.axe.run(document, { runOnly, resultTypes: ['violations'] })
    return out.violations.flatMap(v => v.nodes.slice(0, 3).map(n => `${v.id}: ${n.target.join(' ')}: ${n.failureSummary?.split('\n')[1]?.trim() ?? ''}`))
  }, rules)
}

/** Waits until fonts are there, what moves has come to rest and what was measured is drawn. */
export function still(page) {
  return page.evaluate(async () => {
    const frame = () => new Promise(requestAnimationFrame)
    await document.fonts.ready
    for (let calm = 0; calm < 2; calm++) {
      await frame()
      const moving = document.getAnimations().filter(a => a.playState === 'running' && Number.isFinite(a.effect?.getComputedTiming().endTime))
      if (moving.length > 0) calm = -1
      await Promise.allSettled(moving.map(a => a.finished))
    }
  })
}

/**
 * How long anything may take, in milliseconds. No test is about time: this only
 * ends what hangs, and is far more than a slow and busy machine needs.
 */
export const patience = 120_000

/** Makes the processor of a page SLOW times slower, if that is set: what passes only by luck on a fast machine fails then. */
export async function slowed(page) {
  const rate = Number(process.env.SLOW ?? 1)
  if (rate > 1) await (await page.context().newCDPSession(page)).send('Emulation.setCPUThrottlingRate', { rate })
  return page
}

/** Waits until a value read from the page is the wanted one. */
export async function until(what, read, want) {
  let got
  for (const end = Date.now() + patience; Date.now() < end; ) {
    got = await read()
    if (got === want) return
    await new Promise(done => setTimeout(done, 50))
  }
  assert.fail(`${what}: ${got}, want ${want}`)
}
