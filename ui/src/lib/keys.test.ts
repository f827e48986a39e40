import { expect, test } from 'vitest'
import { Keyboard, keyName, Pairs, pairTime } from './keys'

const pairs = () => new Pairs(key => key === 'g')

test('a single key is itself', () => expect(pairs().press('j', 0)).toBe('j'))

test('two keys in time are a pair', () => {
  const p = pairs()
  expect(p.press('g', 0)).toBe('')
  expect(p.press('f', pairTime)).toBe('g f')
  expect(p.press('f', pairTime + 1)).toBe('f')
})

test('a pair that takes too long is forgotten', () => {
  const p = pairs()
  p.press('g', 0)
  expect(p.press('f', pairTime + 1)).toBe('f')
})

test('keys with a modifier belong to the browser', () => {
  const plain = { ctrlKey: false, metaKey: false, altKey: false }
  expect(keyName({ key: 'f', ...plain })).toBe('f')
  expect(keyName({ key: 'f', ...plain, ctrlKey: true })).toBe('')
})

/** A keyboard before a screen that only notes what happens to it. */
function desk() {
  const did: string[] = []
  const later: (() => void)[] = []
  const state = { taken: false, field: false }
  const keyboard = new Keyboard({
    taken: () => state.taken,
    type: key => state.field && did.push(`typed ${key}`) > 0,
    run: act => act(),
    later: f => void later.push(f),
  })
  const note = (...keys: string[]) => {
    const table = Object.fromEntries(keys.map(k => [k, () => void did.push(k)]))
    return () => table
  }
  const press = (...keys: string[]) => keys.map(k => keyboard.press(k, 0))
  const settle = () => {
    for (let f = later.shift(); f; f = later.shift()) f()
  }
  return { keyboard, did, state, note, press, settle }
}

test('the page comes before the frame, whichever was there first', () => {
  const { keyboard, did, note, press } = desk()
  keyboard.add(() => ({ '/': () => did.push('frame') }), true)
  const remove = keyboard.add(note('/'), false)
  press('/')
  remove()
  press('/')
  expect(did).toEqual(['/', 'frame'])
})

test('keys that come while a page is on its way go to that page, in order', () => {
  const { keyboard, did, press, settle } = desk()
  keyboard.leave('list')
  keyboard.arrive('list')
  const remove = keyboard.add(
    () => ({ j: () => did.push('list j'), Enter: () => keyboard.leave('one') }),
    false,
  )
  keyboard.add(() => ({ 'g a': () => did.push('g a') }), true)
  expect(press('j', 'Enter', 'j', 'g', 'a')).toEqual([true, true, true, true, true])
  settle()
  expect(did).toEqual(['list j'])
  remove()
  keyboard.add(() => ({ j: () => did.push('one j') }), false)
  keyboard.arrive('one')
  expect(press('j')).toEqual([true]) // behind what waits
  settle()
  expect(did).toEqual(['list j', 'one j', 'g a', 'one j'])
})

test('a navigation that is given up lets the keys go on', () => {
  const { keyboard, did, note, press, settle } = desk()
  keyboard.add(note('j'), false)
  keyboard.leave('a')
  keyboard.arrive('a')
  keyboard.leave('b')
  press('j')
  keyboard.leave('a')
  settle()
  expect(did).toEqual(['j'])
})

test('keys wait for rows that load, others act at once', () => {
  const { keyboard, did, note, press, settle } = desk()
  keyboard.add(note('?'), true)
  const release = keyboard.hold()
  expect(press('j', '?', 'j', 'Tab')).toEqual([true, true, true, false])
  settle()
  expect(did).toEqual(['?'])
  keyboard.add(note('j'), false)
  release()
  settle()
  expect(did).toEqual(['?', 'j', 'j'])
})

test('keys for rows that never came are dropped when another page is chosen', () => {
  const { keyboard, did, note, press, settle } = desk()
  keyboard.leave('list')
  keyboard.arrive('list')
  keyboard.add(() => ({ 'g a': () => keyboard.leave('applications') }), true)
  const release = keyboard.hold()
  press('j', 'g', 'a')
  release()
  keyboard.add(note('j'), false)
  keyboard.arrive('applications')
  settle()
  expect(did).toEqual([])
})

test('keys behind one that goes on reach the page it leads to', () => {
  const { keyboard, did, press, settle } = desk()
  keyboard.leave('list')
  keyboard.arrive('list')
  keyboard.add(() => ({}), true)
  keyboard.leave('one')
  press('j', 't')
  const remove = keyboard.add(() => ({ j: () => keyboard.leave('two') }), false)
  const release = keyboard.hold() // one is loading, and left before it has come
  keyboard.arrive('one')
  settle()
  release()
  remove()
  keyboard.add(() => ({ t: () => did.push('t of two') }), false)
  keyboard.arrive('two')
  settle()
  expect(did).toEqual(['t of two'])
})

test('what waits is text once a field has the focus, and nothing once a dialog is open', () => {
  const { keyboard, did, state, note, press, settle } = desk()
  keyboard.add(note('x', 't'), false)
  keyboard.leave('a')
  keyboard.arrive('a')
  keyboard.leave('b')
  press('t')
  state.field = true
  keyboard.arrive('b')
  settle()
  expect(did).toEqual(['typed t'])
  state.field = false
  keyboard.leave('c')
  press('x')
  state.taken = true
  keyboard.arrive('c')
  settle()
  expect(did).toEqual(['typed t'])
})

test('a key that makes no pair counts by itself', () => {
  const { keyboard, did, note, press } = desk()
  keyboard.add(note('g f', 'j'), true)
  press('g', 'j', 'g', 'f')
  expect(did).toEqual(['j', 'g f'])
})

test('without shortcuts on the screen every key is the browser’s', () => {
  const { keyboard, press } = desk()
  keyboard.leave('a')
  keyboard.arrive('a')
  keyboard.leave('signin')
  expect(press('j')).toEqual([false])
})
