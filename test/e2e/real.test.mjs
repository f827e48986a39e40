// The built binary in a real browser: signing in, finding, deciding,
// importing, settings. Start it with run.sh, which gives the server.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { after, before, beforeEach, afterEach, describe, test } from 'node:test'
import { breaches, launch, overflow, patience, slowed, still, until, watch } from './browser.mjs'
import { file, kev, sarif } from './report.mjs'

const { STANCE_URL: base, STANCE_LINK: link, STANCE_BIN: bin, STANCE_DATA: data } = process.env
assert.ok(base && link && bin && data, 'start these tests with run.sh')

let browser
let context
let page
let complaints
let foreign

before(async () => {
  browser = await launch()
  context = await browser.newContext({ viewport: { width: 1440, height: 900 } })
  context.setDefaultTimeout(patience)
  // Nothing may ever be loaded from another host.
  foreign = []
  context.on('request', r => {
    if (!r.url().startsWith(base) && !r.url().startsWith('data:')) foreign.push(r.url())
  })
})

after(() => browser?.close())

beforeEach(async () => {
  page = await slowed(await context.newPage())
  complaints = watch(page)
})

afterEach(async () => {
  await page.close()
  assert.deepEqual(complaints, [])
  assert.deepEqual(foreign, [])
})

const open = async path => {
  await page.goto(base + path)
  await page.locator('h1').waitFor()
}
const api = (path, init) =>
  page.evaluate(async ([p, i]) => {
    const r = await fetch(`/api/v1${p}`, i)
    return { status: r.status, body: await r.json().catch(() => undefined) }
  }, [path, init])
const rows = () => page.getByRole('list', { name: 'Findings', exact: true }).getByRole('listitem')
const total = () => page.locator('h1 [role=status]').textContent()
/** Types keys one right after the other while the page is too busy to hear any, as it happens on a slow machine. */
const ahead = async (...keys) => {
  const busy = page.evaluate(() => {
    for (const end = performance.now() + 200; performance.now() < end; );
  })
  await Promise.all([busy, ...keys.map(k => page.keyboard.press(k))])
}
const address = () => page.url().slice(base.length)

describe('signing in', () => {
  test('a page asks for it, and is where one lands afterwards', async () => {
    await open('/findings?severity=high')
    await page.waitForURL('**/signin')
    await page.getByText('stance signin').waitFor()
    await page.goto(link)
    await page.waitForURL('**/findings?severity=high')
    assert.ok(!page.url().includes('#'), 'the code stays in the address')
    await rows().first().waitFor()
  })

  test('a link works once', async () => {
    const other = await browser.newContext()
    other.setDefaultTimeout(patience)
    const second = await other.newPage()
    await second.goto(link)
    await second.getByText('used before or has expired').waitFor()
    assert.equal(new URL(second.url()).hash, '')
    await other.close()
  })
})

describe('overview', () => {
  test('each number leads to the findings it counts', async () => {
    await open('/')
    const panel = page.locator('section', { has: page.getByRole('heading', { name: 'Open findings' }) })
    const critical = panel.getByRole('link', { name: /^Critical/ })
    const number = (await critical.locator('span').last().textContent()).trim()
    await critical.click()
    await page.waitForURL('**/findings?severity=critical')
    await until('critical findings', total, number)
  })

  test('says which feeds are missing and what to do', async () => {
    await open('/')
    await page.getByText(/feeds are missing/).waitFor()
    await page.getByText('stance feed update').first().waitFor()
  })
})

describe('findings', () => {
  test('search and filters stand in the address and survive a reload', async () => {
    await open('/findings')
    await rows().first().waitFor()
    const all = await total()
    await page.keyboard.press('/')
    await page.keyboard.type('secret')
    await page.waitForURL('**/findings?q=secret')
    await page.getByRole('checkbox', { name: /^High/ }).click()
    await page.waitForURL(/severity=high/)
    assert.equal(address(), '/findings?severity=high&q=secret')
    const few = String((await api('/findings?severity=high&q=secret&limit=1')).body.total.n)
    assert.notEqual(few, all)
    await until('findings under both filters', total, few)
    await page.reload()
    await until('findings after a reload', total, few)
    await page.getByRole('button', { name: 'Clear all' }).click()
    await until('findings without filters', total, all)
  })

  test('the list goes on to its end, each finding once', async () => {
    await open('/findings')
    await rows().first().waitFor()
    const want = Number((await total()).replaceAll(',', ''))
    const scroller = page.locator('ul[aria-label=Findings]').locator('..')
    const seen = await scroller.evaluate(async (box, { want, patience }) => {
      const seen = new Set()
      for (const end = performance.now() + patience; seen.size < want && performance.now() < end; ) {
        const rows = [...box.querySelectorAll('[data-index]')]
        for (const row of rows) seen.add(row.querySelector('a').getAttribute('href'))
        // On only when the rows have come up with the last step, or some would pass unseen.
        const bottom = Math.max(...rows.map(row => row.getBoundingClientRect().bottom))
        if (bottom >= box.getBoundingClientRect().bottom) box.scrollBy(0, box.clientHeight * 0.8)
        await new Promise(requestAnimationFrame)
      }
      return seen.size
    }, { want, patience })
    assert.equal(seen, want)
  })

  test('the keyboard is enough: move, open, come back, go on', async () => {
    await open('/findings')
    await rows().first().waitFor()
    const second = await rows().nth(1).locator('a').getAttribute('href')
    const third = await rows().nth(2).locator('a').getAttribute('href')
    await page.keyboard.press('j')
    await page.keyboard.press('j')
    await page.keyboard.press('Enter')
    await page.waitForURL(`**${second}`)
    await page.getByRole('heading', { name: 'Why this score' }).waitFor()
    await page.keyboard.press('j')
    await page.waitForURL(`**${third}`)
    await page.keyboard.press('u')
    await page.waitForURL('**/findings')
    await page.keyboard.press('g')
    await page.keyboard.press('a')
    await page.waitForURL('**/applications')
    await page.keyboard.press('?')
    await page.getByRole('dialog', { name: 'Keyboard shortcuts' }).waitFor()
    await page.keyboard.press('Escape')
  })

  test('keys typed ahead of the page are neither lost nor meant for what it showed before', async () => {
    await open('/findings')
    await rows().first().waitFor()
    const [first, second, third, fourth] = await rows().locator('a').evaluateAll(as => as.map(a => a.getAttribute('href')))
    await page.keyboard.press('j')
    await page.locator(`a[href="${first}"]:focus`).waitFor()
    await ahead('j', 'Enter')
    await page.waitForURL(`**${second}`)
    await ahead('j', 'j')
    await page.waitForURL(`**${fourth}`)
    await ahead('k', 'u', 'j', 'Enter', 'j', 'j', 'k')
    await page.waitForURL(`**${second}`)
    await ahead('j', 't')
    await page.waitForURL(`**${third}`)
    await page.getByRole('dialog', { name: 'Decide about 1 finding' }).waitFor()
  })

  test('keys typed ahead wait for pages and rows that have yet to load', async () => {
    await open('/')
    await page.getByRole('heading', { name: 'Fix first' }).waitFor()
    await ahead('g', 'f', 'j', 'x', 'j', 'x')
    await page.getByText('2 findings selected').waitFor()
    await ahead('Escape', 'g', 'a', 'j', 'Enter')
    await page.waitForURL('**/applications/*')
    await page.getByRole('heading', { name: 'Gates' }).waitFor()
    await ahead('/', ...'next')
    await page.waitForURL('**/findings?q=next')
    assert.equal(await page.getByLabel('Search findings').inputValue(), 'next')
  })

  test('searching keeps the filters one came with', async () => {
    await open('/')
    await page.getByRole('link', { name: /^Critical/ }).first().click()
    await rows().first().waitFor()
    await page.keyboard.press('/')
    await page.keyboard.type('a')
    await page.waitForURL('**/findings?severity=critical&q=a')
  })

  test('several are decided at once, and it can be taken back', async () => {
    await open('/findings?kind=code')
    await rows().first().waitFor()
    const before = Number((await total()).replaceAll(',', ''))
    await page.keyboard.press('j')
    await page.keyboard.press('x')
    await page.keyboard.press('j')
    await page.keyboard.press('x')
    await page.getByText('2 findings selected').waitFor()
    await page.keyboard.press('t')
    const dialog = page.getByRole('dialog', { name: 'Decide about 2 findings' })
    await dialog.getByRole('radio', { name: /Accepted/ }).click()
    await dialog.getByLabel('Reason').fill('Lives behind the VPN until the rewrite')
    await dialog.getByRole('button', { name: '90 days' }).click()
    await dialog.getByRole('button', { name: 'Decide' }).click()
    await page.getByText('2 findings marked as accepted').waitFor()
    await until('open code findings', async () => Number((await total()).replaceAll(',', '')), before - 2)

    await page.goto(`${base}/findings?kind=code&status=accepted&q=`)
    await rows().first().locator('a').click()
    await page.getByText('By a person. No scan changes that.').waitFor()
    await page.getByText('Lives behind the VPN until the rewrite').first().waitFor()
    await page.getByRole('heading', { name: 'History' }).locator('..').locator('..').getByText(/Triaged/).first().waitFor()
    await page.keyboard.press('t')
    await page.getByRole('radio', { name: /Open again/ }).click()
    await page.getByLabel('Reason').fill('the rewrite is done')
    await page.getByRole('dialog').getByRole('button', { name: 'Decide' }).click()
    await page.getByText('By evidence: whether scans still report it.').waitFor()
  })

  test('the terms of a score add up to it', async () => {
    await open('/findings')
    await rows().first().locator('a').click()
    const panel = page.locator('#score')
    await panel.waitFor()
    const id = address().split('/').at(-1)
    const { body } = await api(`/findings/${id}`)
    const sum = body.explanation.terms.reduce((n, t) => n + t.points, 0)
    assert.ok(Math.abs(sum - body.explanation.score) < 0.11, `terms make ${sum}, score is ${body.explanation.score}`)
    assert.equal(await panel.locator('ol > li').count(), body.explanation.terms.length)
    for (const t of body.explanation.terms.filter(t => t.unknown)) {
      await panel.locator('li', { hasText: t.name }).getByText('unknown').first().waitFor()
    }
  })
})

describe('imports', () => {
  const upload = async (name, content, { application = 'E2E', asset = 'e2e/repository', scope = 'full' } = {}) => {
    await open('/imports')
    await page.getByLabel('Application', { exact: true }).fill(application)
    await page.getByLabel('Asset', { exact: true }).fill(asset)
    await page.getByLabel('Branch or tag').fill('main')
    await page.getByLabel('Covers').selectOption(scope)
    await page.getByLabel('Report files').setInputFiles(file(name, content))
    await page.waitForURL('**/imports/*')
  }
  const figure = name => page.getByRole('listitem').filter({ hasText: new RegExp(`^[\\d,]+${name}$`) })

  test('a file is applied, and its numbers lead to its findings', async () => {
    await upload('first.sarif', sarif(40))
    await page.locator('main header').getByText('applied', { exact: true }).waitFor()
    await figure('New').getByRole('link').click()
    await page.waitForURL(/report=.*change=new/)
    await until('new findings', total, '40')
  })

  test('the same file again changes nothing and says so', async () => {
    await upload('again.sarif', sarif(40))
    await page.getByText(/imported before/).or(page.locator('main header').getByText('applied', { exact: true })).first().waitFor()
    await until('new findings', () => figure('New').innerText().then(t => t.split('\n')[0]), '0')
  })

  test('what is much smaller is held until someone confirms', async () => {
    await upload('small.sarif', sarif(2))
    await page.locator('main header').getByText('held', { exact: true }).waitFor()
    await page.getByRole('button', { name: /Confirm: resolve 38/ }).click()
    await page.locator('main header').getByText('applied', { exact: true }).waitFor()
    await page.getByText('38 findings that it no longer has were resolved then').waitFor()
    await open('/findings?application=e2e&status=resolved')
    await until('resolved findings', total, '38')
  })

  test('what can’t be read is shown with its reason, the rest counts', async () => {
    await upload('broken.sarif', sarif(3, { tool: 'e2e-broken', extra: ['this is no result'] }), { asset: 'e2e/broken' })
    await page.getByRole('heading', { name: 'Could not be read' }).waitFor()
    await until('new findings', () => figure('New').innerText().then(t => t.split('\n')[0]), '3')
  })

  test('a file of no known format fails with a reason', async () => {
    await open('/imports')
    await page.getByLabel('Report files').setInputFiles(file('notes.txt', 'just some words'))
    await page
      .getByText(/could not be applied/)
      .or(page.getByRole('alert'))
      .first()
      .waitFor()
  })

  test('a hostile report shows as text and runs nothing', async () => {
    const evil = '<img src=x onerror="document.title=\'owned\'"><script>document.title="owned"</script> [click](javascript:alert(1)) ![x](https://evil.example/x.png)'
    await upload('evil.sarif', sarif(1, { tool: 'e2e-evil', message: () => evil, help: evil }), { asset: 'e2e/evil' })
    await figure('New').getByRole('link').click()
    await rows().first().locator('a').click()
    await page.getByRole('heading', { name: 'What the tools said' }).waitFor()
    assert.notEqual(await page.title(), 'owned')
    assert.equal(await page.locator('main a[href^="javascript"]').count(), 0)
    assert.equal(await page.locator('main img').count(), 0)
  })

  test('the command line’s import shows up, too', async () => {
    await open('/imports')
    const { body } = await api('/reports?limit=1')
    assert.ok(body.items.length > 0)
    await open(`/imports/${body.items[0].id}`)
    await page.getByText('SHA-256').waitFor()
  })
})

describe('applications', () => {
  test('what is known of one moves its scores', async () => {
    await open('/applications/e2e')
    const top = async () => (await api('/findings?application=e2e&limit=1')).body.items[0].score
    const low = await top()
    await page.getByRole('button', { name: 'Edit' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('Criticality').selectOption('critical')
    await dialog.getByLabel('Reached from').selectOption('internet')
    await dialog.getByLabel('Environment').selectOption('production')
    await dialog.getByRole('button', { name: 'Save' }).click()
    await page.getByText('Saved.').waitFor()
    await until('whether the score rose', async () => (await top()) > low, true)
  })

  test('each gate gives its verdict', async () => {
    await open('/applications/e2e')
    const gates = page.locator('section', { has: page.getByRole('heading', { name: 'Gates' }) })
    for (const stage of ['Commit', 'Build', 'Deploy']) {
      await gates.locator('summary', { hasText: stage }).getByText(/^(pass|warn|block|can’t decide)$/).waitFor()
    }
  })

  test('an asset that was never scanned is unknown, not clean', async () => {
    await open('/applications/e2e')
    await page.getByRole('button', { name: 'Add an asset' }).click()
    await page.getByRole('dialog').getByLabel('Name').fill('e2e/forgotten')
    await page.getByRole('dialog').getByRole('button', { name: 'Add' }).click()
    await page.getByText('e2e/forgotten').last().waitFor()
    await page.getByText('never scanned, unknown').waitFor()
  })
})

describe('settings', () => {
  test('a token is shown once, works, and stops when revoked', async () => {
    await open('/settings?part=tokens')
    await page.getByRole('button', { name: 'New token' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('Name').fill('e2e pipeline')
    await dialog.getByRole('checkbox', { name: /^read/ }).check()
    await dialog.getByRole('button', { name: 'Make the token' }).click()
    const secret = await dialog.locator('code').textContent()
    const me = () => fetch(`${base}/api/v1/me`, { headers: { Authorization: `Bearer ${secret}` } }).then(r => r.status)
    assert.equal(await me(), 200)
    await dialog.getByRole('button', { name: 'I have stored it' }).click()
    await dialog.waitFor({ state: 'hidden' })
    assert.ok(!(await page.content()).includes(secret), 'the secret is still on the page')
    await page.getByRole('button', { name: 'Revoke e2e pipeline' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click()
    await page.getByText('e2e pipeline is revoked').waitFor()
    assert.equal(await me(), 401)
  })

  test('policies are checked before they count, with line and column', async () => {
    await open('/settings?part=policies')
    const editor = page.getByLabel('Source of the policies')
    const good = await editor.inputValue()
    await editor.fill(good.replace('finding.kind == "secret"', 'finding.kindd == "secret"'))
    await page.getByRole('button', { name: 'Check and save' }).click()
    await page.getByRole('alert').getByRole('button', { name: /^\d+:\d+$/ }).first().click()
    await editor.fill(`${good}\n# changed by the tests\n`)
    await page.getByRole('button', { name: 'Check and save' }).click()
    await page.getByText('Saved. The new policies are in force.').waitFor()
    // Until what was saved has been read again the page warns of leaving it.
    await page.getByRole('button', { name: 'Check and save', disabled: true }).waitFor()
    await page.reload()
    assert.match(await page.getByLabel('Source of the policies').inputValue(), /# changed by the tests/)
  })

  test('a feed comes from a file', async () => {
    await open('/settings?part=feeds')
    await page.getByLabel('Feed file').setInputFiles(file('known_exploited_vulnerabilities.json', kev('CVE-2022-28346', new Date())))
    await page.getByText(/kev: as of/).waitFor()
    await page.getByRole('listitem').filter({ hasText: 'KEV' }).getByText('fresh').waitFor()
    await open('/findings?kev=true')
    await rows().first().getByText('KEV').first().waitFor()
  })

  test('the chosen colours stay', async () => {
    await open('/settings?part=appearance')
    await page.getByRole('radio', { name: /^Dark/ }).click()
    await page.reload()
    await page.locator('html[data-mantine-color-scheme=dark]').waitFor()
    await page.getByRole('radio', { name: /^Dark/, checked: true }).waitFor()
    await page.getByRole('radio', { name: /As the system/ }).click()
  })
})

describe('every page', () => {
  const pages = async () => {
    const finding = (await api('/findings?limit=1')).body.items[0].id
    const report = (await api('/reports?limit=1')).body.items[0].id
    return ['/', '/findings', `/findings/${finding}`, '/applications', '/applications/web-shop', '/imports', `/imports/${report}`, '/settings', '/settings?part=policies']
  }
  for (const [colorScheme, width] of [['light', 1440], ['dark', 380]]) {
    test(`keeps to width and contrast, ${colorScheme} at ${width}`, async () => {
      await open('/')
      const wrong = []
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
      await page.setViewportSize({ width, height: 900 })
      for (const path of await pages()) {
        await open(path)
        await page.waitForFunction(() => !document.querySelector('[aria-label^="Loading"]'))
        await still(page)
        wrong.push(...[...(await overflow(page)), ...(await breaches(page))].map(w => `${path}: ${w}`))
      }
      assert.ok(wrong.length === 0, `\n${wrong.join('\n')}`)
    })
  }

  test('an address that leads nowhere says so', async () => {
    await open('/nowhere')
    await page.getByText('There is no such page').waitFor()
    await open('/findings/0199a2b4-7c00-7000-8000-000000000000')
    await page.getByText('This finding is not here').waitFor()
  })
})

describe('signing out', () => {
  test('ends the session, and a new link begins one', async () => {
    await open('/')
    await page.getByRole('button', { name: 'administrator' }).click()
    await page.getByRole('menuitem', { name: 'Sign out' }).click()
    await page.waitForURL('**/signin')
    await page.goto(`${base}/imports`)
    await page.waitForURL('**/signin')
    const fresh = execFileSync(bin, ['signin', '--data', data], { encoding: 'utf8' }).match(/http\S+signin#\S+/)?.[0]
    assert.ok(fresh, 'stance signin prints no link')
    await page.goto(fresh)
    await page.waitForURL('**/imports')
  })
})
