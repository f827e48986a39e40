import { describe, expect, it } from 'vitest'
import { fullName, questionOf, searchOf } from './question'

describe('question', () => {
  it('survives the address bar', () => {
    const q = {
      q: 'log4j-core < 2.17.1 || = 3.0 & x',
      application: 'shop',
      ecosystem: 'maven',
      licence: '',
      ref: '*',
    }
    const text = searchOf(q).toString()
    expect(questionOf(new URLSearchParams(text))).toEqual(q)
    expect(text).not.toContain('licence')
  })
  it('is empty without an address', () => {
    expect(searchOf(questionOf(new URLSearchParams('other=1&q=%20'))).toString()).toBe('')
  })
})

describe('fullName', () => {
  it('joins as the ecosystem does', () => {
    expect(fullName({ group: 'org.acme', name: 'core', ecosystem: 'maven' })).toBe('org.acme:core')
    expect(fullName({ group: '@acme', name: 'core', ecosystem: 'npm' })).toBe('@acme/core')
    expect(fullName({ name: 'core' })).toBe('core')
  })
})
