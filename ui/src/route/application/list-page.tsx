import { Button, TextInput } from '@mantine/core'
import { useRef, useState } from 'react'
import { Link, useNavigate } from 'react-router'
import { useApplications } from '../../api/estate'
import { Icon } from '../../kit/icon'
import { useKeys } from '../../kit/keys'
import { Page, Panel } from '../../kit/page'
import { Command, Empty, Failure, LoadingRows } from '../../kit/state'
import { plural } from '../../lib/format'
import { NewApplication } from './edit'
import css from './list-page.module.css'
import { ApplicationRows } from './rows'

/** Every application, the worst first. */
export function ApplicationsPage() {
  const applications = useApplications()
  const [text, setText] = useState('')
  const [cursor, setCursor] = useState(-1)
  const [making, setMaking] = useState(false)
  const search = useRef<HTMLInputElement>(null)
  const navigate = useNavigate()
  const all = applications.data?.items ?? []
  const shown = all.filter(a =>
    [a.name, a.key, a.owner, a.unit].join(' ').toLowerCase().includes(text.trim().toLowerCase()),
  )
  const move = (by: number) => {
    const at = Math.max(0, Math.min(shown.length - 1, cursor + by))
    setCursor(at)
    document.querySelector<HTMLElement>(`[data-application="${at}"] a`)?.focus()
  }
  const open = () => {
    const a = shown[cursor]
    if (a) void navigate(`/applications/${encodeURIComponent(a.key)}`)
  }
  useKeys(
    {
      j: () => move(1),
      ArrowDown: () => move(1),
      k: () => move(-1),
      ArrowUp: () => move(-1),
      Enter: open,
    },
    { loading: applications.isPending },
  )
  useKeys({ '/': () => search.current?.focus() })
  return (
    <Page
      title="Applications"
      lead={applications.data && `${plural(all.length, 'application')}, the worst first`}
      actions={
        <>
          <TextInput
            ref={search}
            className={css.search}
            type="search"
            aria-label="Search applications"
            placeholder="Name, owner, unit"
            leftSection={<Icon name="search" size={14} />}
            value={text}
            onChange={e => {
              setText(e.currentTarget.value)
              setCursor(-1)
            }}
          />
          <Button
            variant="default"
            onClick={() => setMaking(true)}
            leftSection={<Icon name="plus" size={14} />}
          >
            New application
          </Button>
        </>
      }
    >
      <Panel flush>
        {applications.isPending ? (
          <LoadingRows rows={6} />
        ) : applications.isError ? (
          <Failure what="the applications" error={applications.error} retry={() => applications.refetch()} />
        ) : all.length === 0 ? (
          <Empty
            icon="application"
            title="No applications yet"
            action={
              <Button component={Link} to="/imports">
                Import a report
              </Button>
            }
          >
            An application comes into being with its first report:{' '}
            <Command>stance import --application shop report.sarif</Command>
          </Empty>
        ) : shown.length === 0 ? (
          <Empty icon="search" title="No application has that name, owner or unit">
            Try fewer letters.
          </Empty>
        ) : (
          <ApplicationRows applications={shown} active={cursor} onFocus={setCursor} />
        )}
      </Panel>
      <NewApplication opened={making} close={() => setMaking(false)} />
    </Page>
  )
}
