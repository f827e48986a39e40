/** Keyboard shortcuts: single keys and two keys one after the other ("g f"). */

/** What a key event is called in a table of shortcuts; empty when it belongs to the browser or a text field. */
export function keyName(e: Pick<KeyboardEvent, 'key' | 'ctrlKey' | 'metaKey' | 'altKey'>): string {
  if (e.ctrlKey || e.metaKey || e.altKey) return ''
  return e.key
}

/** How long the second key of a pair may take, in milliseconds. */
export const pairTime = 1200

/** Remembers the first key of a pair. Times are given, in milliseconds. */
export class Pairs {
  private first = ''
  private at = 0

  constructor(private readonly leads: (key: string) => boolean) {}

  /** The name of what was pressed now: a pair, a single key, or nothing while a pair is begun. */
  press(key: string, now: number): string {
    if (this.first && now - this.at <= pairTime) {
      const pair = `${this.first} ${key}`
      this.first = ''
      return pair
    }
    this.first = ''
    if (this.leads(key)) {
      this.first = key
      this.at = now
      return ''
    }
    return key
  }
}

/** What each key does: `{ j: next, 'g f': go }`. */
export type Table = Readonly<Record<string, () => void>>

/** What the keyboard asks of the page around it. */
export type Screen = {
  /** Whether something has the keys to itself, such as a dialog. */
  taken(): boolean
  /** Puts a key into the text field that has the focus; false when none has it. */
  type(key: string): boolean
  /** Runs an action and brings what it changed to the screen before it returns. */
  run(act: () => void): void
  /** Calls back after what is under way now, navigation included, has begun. */
  later(f: () => void): void
}

/** A key that waits; for a page when it has been seen that the page can't take it yet. */
type Pressed = { key: string; at: number; page?: string }

type Layer = { table: () => Table; frame: boolean }

/**
 * Gives keys to what is on the screen. A person types faster than pages
 * change, so a key that comes while a page is on its way waits and goes to
 * that page, never to the one that is about to vanish. Keys act one at a
 * time, in the order and with the times they were pressed.
 */
export class Keyboard {
  private readonly layers = new Set<Layer>()
  private readonly holds = new Set<object>()
  private readonly pairs = new Pairs(key => this.tables().some(t => leads(t, key)))
  private waiting: Pressed[] = []
  private wanted = ''
  private shown = ''
  private due = false

  constructor(private readonly screen: Screen) {}

  /** Adds shortcuts until the returned function is called. Those of the frame come after those of the page. */
  add(table: () => Table, frame: boolean): () => void {
    const layer = { table, frame }
    this.layers.add(layer)
    return () => void this.layers.delete(layer)
  }

  /** Keeps keys that mean nothing yet, because what they are for is loading, until the returned function is called. */
  hold(): () => void {
    const hold = {}
    this.holds.add(hold)
    return () => {
      this.holds.delete(hold)
      this.resume()
    }
  }

  /** Says which page is on its way: until `arrive` names the same one, keys wait. */
  leave(page: string) {
    if (page === this.wanted) return
    this.wanted = page
    // What was meant for rows that never came is not meant for another page.
    this.waiting = this.waiting.filter(p => p.page === undefined)
    this.resume()
  }

  /** Says which page is on the screen. */
  arrive(page: string) {
    this.shown = page
    this.resume()
  }

  /** Takes a key pressed at a time in milliseconds; false when it is none of ours. */
  press(key: string, at: number): boolean {
    if (this.layers.size === 0 || this.screen.taken()) return false
    if (this.moving || (this.waiting.length > 0 && this.holds.size === 0)) return this.wait(key, at)
    return this.act(key, at) || (this.holds.size > 0 && this.wait(key, at, this.wanted))
  }

  /** Whether the screen is behind what was pressed. */
  get behind(): boolean {
    return this.moving || this.waiting.length > 0
  }

  private get moving(): boolean {
    return this.wanted !== '' && this.shown !== '' && this.wanted !== this.shown
  }

  private tables(): Table[] {
    const all = [...this.layers]
    return [...all.filter(l => !l.frame), ...all.filter(l => l.frame)].map(l => l.table())
  }

  private wait(key: string, at: number, page?: string): boolean {
    if (!waits(key)) return false
    this.waiting.push({ key, at, page })
    return true
  }

  private act(key: string, at: number): boolean {
    const name = this.pairs.press(key, at)
    if (!name) return true // the first of a pair
    const tables = this.tables()
    // After a first key that makes no pair with it, a key counts by itself.
    const act = tables.find(t => t[name])?.[name] ?? tables.find(t => t[key])?.[key]
    if (!act) return false
    this.screen.run(act)
    return true
  }

  private resume() {
    if (this.due || this.waiting.length === 0) return
    this.due = true
    this.screen.later(() => {
      this.due = false
      this.next()
    })
  }

  private next() {
    const first = this.waiting[0]
    if (!first || this.moving) return
    if (this.layers.size === 0 || this.screen.taken()) {
      this.waiting = []
      return
    }
    this.waiting.shift()
    const done = this.screen.type(first.key) || this.act(first.key, first.at)
    if (!done && this.holds.size > 0) {
      this.waiting.unshift({ ...first, page: this.wanted })
      return
    }
    this.resume()
  }
}

const leads = (table: Table, key: string) => Object.keys(table).some(k => k.startsWith(`${key} `))

const named = new Set(['Enter', 'Escape', 'Home', 'ArrowUp', 'ArrowDown', 'ArrowLeft', 'ArrowRight'])

/** Whether a key may wait; Tab, Space and the like are the browser's at once. */
const waits = (key: string) => named.has(key) || (key.length === 1 && key !== ' ')

/** Whether keys typed here are text. */
export function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false
  if (target.isContentEditable || target.tagName === 'TEXTAREA' || target.tagName === 'SELECT') return true
  return (
    target instanceof HTMLInputElement &&
    !['checkbox', 'radio', 'button', 'submit', 'file'].includes(target.type)
  )
}
