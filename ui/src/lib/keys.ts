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

  constructor(private readonly leaders: ReadonlySet<string>) {}

  /** The name of what was pressed now: a pair, a single key, or nothing while a pair is begun. */
  press(key: string, now: number): string {
    if (this.first && now - this.at <= pairTime) {
      const pair = `${this.first} ${key}`
      this.first = ''
      return pair
    }
    this.first = ''
    if (this.leaders.has(key)) {
      this.first = key
      this.at = now
      return ''
    }
    return key
  }
}

/** Whether keys typed here are text. */
export function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false
  if (target.isContentEditable || target.tagName === 'TEXTAREA' || target.tagName === 'SELECT') return true
  return (
    target instanceof HTMLInputElement &&
    !['checkbox', 'radio', 'button', 'submit', 'file'].includes(target.type)
  )
}
