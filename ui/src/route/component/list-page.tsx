import { Button, Checkbox, NativeSelect, TextInput } from '@mantine/core'
import { type FormEvent, useRef, useState } from 'react'
import { Link, useSearchParams } from 'react-router'
import { Problem } from '../../api/client'
import { useApplications } from '../../api/estate'
import { type ComponentQuestion, useComponents } from '../../api/inventory'
import { Icon } from '../../kit/icon'
import { useKeys } from '../../kit/keys'
import { Page, Panel } from '../../kit/page'
import { Command, Empty, Failure, LoadingRows, Notice } from '../../kit/state'
import { count, plural } from '../../lib/format'
import css from './list-page.module.css'
import { questionOf, searchOf } from './question'
import { ComponentRows } from './rows'

/** Package types in purl's words, those that are asked for most. */
const ecosystems = [
  'npm',
  'maven',
  'pypi',
  'golang',
  'nuget',
  'cargo',
  'gem',
  'composer',
  'deb',
  'rpm',
  'apk',
  'oci',
]

/** Where a component is, in which version, and through whom. */
export function ComponentsPage() {
  const [search, setSearch] = useSearchParams()
  const question = questionOf(search)
  const ask = (change: Partial<ComponentQuestion>) => setSearch(searchOf({ ...question, ...change }))
  const components = useComponents(question)
  const [cursor, setCursor] = useState(-1)
  const rows = components.data?.pages.flatMap(p => p.items) ?? []
  const unknown = components.data?.pages.reduce((n, p) => n + p.unknown_versions, 0) ?? 0
  const asked = searchOf(question).size > 0
  const refused =
    components.error instanceof Problem && components.error.status === 422 ? components.error : undefined
  const move = (by: number) => {
    const at = Math.max(0, Math.min(rows.length - 1, cursor + by))
    setCursor(at)
    document.querySelector<HTMLElement>(`[data-component="${at}"] button`)?.focus()
  }
  useKeys(
    { j: () => move(1), ArrowDown: () => move(1), k: () => move(-1), ArrowUp: () => move(-1) },
    { loading: components.isPending },
  )
  return (
    <Page
      title="Components"
      lead="What your software is made of, whether or not anything is known against it."
    >
      <Search
        key={`${question.q}\n${question.licence}`}
        question={question}
        ask={ask}
        problem={refused !== undefined}
      />
      {unknown > 0 && (
        <Notice tone="warn" title={`${plural(unknown, 'component')} may be meant, too`}>
          The version is missing or can’t be compared. Ask without the version to see them.
        </Notice>
      )}
      <Panel flush>
        {components.isPending ? (
          <LoadingRows rows={8} />
        ) : refused ? (
          <Empty icon="search" title="The question was not understood">
            {refused.message}
          </Empty>
        ) : components.isError && rows.length === 0 ? (
          <Failure what="the components" error={components.error} retry={() => components.refetch()} />
        ) : rows.length > 0 ? (
          <ComponentRows components={rows} active={cursor} onFocus={setCursor} />
        ) : components.hasNextPage ? (
          <Empty icon="search" title="Nothing found so far">
            The inventory is large: the search has looked at a part of it.
          </Empty>
        ) : asked ? (
          <Empty icon="search" title="No inventory lists such a component">
            {question.ref === '' && 'Only the default branch of each asset was searched.'}
          </Empty>
        ) : (
          <Empty
            icon="package"
            title="No components yet"
            action={
              <Button component={Link} to="/imports">
                Import an SBOM
              </Button>
            }
          >
            SBOMs in CycloneDX or SPDX bring them, and scanners that list packages:{' '}
            <Command>stance import --application shop shop.cdx.json</Command>
          </Empty>
        )}
        {components.hasNextPage && !refused && (
          <div className={css.more}>
            <span className="muted">{count(rows.length)} shown</span>
            <Button
              variant="default"
              loading={components.isFetchingNextPage}
              onClick={() => components.fetchNextPage()}
            >
              {rows.length > 0 ? 'Show more' : 'Search on'}
            </Button>
          </div>
        )}
      </Panel>
    </Page>
  )
}

/** The question, sent with Enter: half a version constraint has no answer. */
function Search(props: {
  question: ComponentQuestion
  ask: (change: Partial<ComponentQuestion>) => void
  problem: boolean
}) {
  const { question, ask, problem } = props
  const [text, setText] = useState(question.q)
  const [licence, setLicence] = useState(question.licence)
  const input = useRef<HTMLInputElement>(null)
  const applications = useApplications()
  useKeys({ '/': () => input.current?.focus() })
  const submit = (e: FormEvent) => {
    e.preventDefault()
    ask({ q: text, licence })
  }
  return (
    <form className={css.bar} onSubmit={submit}>
      <TextInput
        ref={input}
        className={css.question}
        type="search"
        aria-label="Component and version"
        placeholder="log4j-core < 2.17.1"
        leftSection={<Icon name="search" size={14} />}
        value={text}
        error={problem}
        onChange={e => setText(e.currentTarget.value)}
      />
      <NativeSelect
        size="xs"
        aria-label="Application"
        value={question.application}
        onChange={e => ask({ application: e.currentTarget.value })}
      >
        <option value="">All applications</option>
        {applications.data?.items.map(a => (
          <option key={a.key} value={a.key}>
            {a.name}
          </option>
        ))}
      </NativeSelect>
      <NativeSelect
        size="xs"
        aria-label="Ecosystem"
        value={question.ecosystem}
        onChange={e => ask({ ecosystem: e.currentTarget.value })}
      >
        <option value="">All ecosystems</option>
        {[...new Set([...ecosystems, question.ecosystem])].filter(Boolean).map(e => (
          <option key={e}>{e}</option>
        ))}
      </NativeSelect>
      <TextInput
        className={css.licence}
        aria-label="Licence"
        placeholder="Licence"
        value={licence}
        onChange={e => setLicence(e.currentTarget.value)}
      />
      <Checkbox
        label="All branches"
        checked={question.ref === '*'}
        onChange={e => ask({ ref: e.currentTarget.checked ? '*' : '' })}
      />
      <Button type="submit">Search</Button>
    </form>
  )
}
