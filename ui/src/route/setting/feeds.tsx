import { Button } from '@mantine/core'
import { useRef } from 'react'
import type { Feed, Schema } from '../../api/client'
import { useFeeds, useImportFeed, useUpdateFeeds } from '../../api/setting'
import { Icon } from '../../kit/icon'
import { Panel } from '../../kit/page'
import { Command, Failure, LoadingRows, Notice } from '../../kit/state'
import { Tag } from '../../kit/tag'
import { Ago, useNow } from '../../kit/time'
import { count, date, plural, words } from '../../lib/format'
import { staleFeeds } from '../overview/stale'
import css from './feeds.module.css'

/** The facts from outside that scores rest on: how fresh they are, and how to renew them. */
export function Feeds() {
  const feeds = useFeeds()
  const update = useUpdateFeeds()
  const upload = useImportFeed()
  const input = useRef<HTMLInputElement>(null)
  const results: readonly Schema['FeedResult'][] = [
    ...(update.data?.items ?? []),
    ...(upload.data ? [upload.data] : []),
  ]
  return (
    <>
      {update.isError && (
        <Notice tone="bad" title="The feeds could not be fetched">
          {update.error.message} Without access to the internet, upload the files instead.
        </Notice>
      )}
      {upload.isError && (
        <Notice tone="bad" title="The file was not taken">
          {upload.error.message} What was there before stays in force.
        </Notice>
      )}
      {results.map(r => (
        <Result key={r.feed} result={r} />
      ))}
      <Panel
        title="Feeds"
        aside={
          <span className={css.actions}>
            <Button variant="default" loading={upload.isPending} onClick={() => input.current?.click()}>
              Upload a file
            </Button>
            <Button
              loading={update.isPending}
              onClick={() => update.mutate()}
              leftSection={<Icon name="refresh" size={14} />}
            >
              Update now
            </Button>
            <input
              ref={input}
              type="file"
              hidden
              aria-label="Feed file"
              onChange={e => {
                const file = e.currentTarget.files?.[0]
                if (file) upload.mutate({ file })
                e.currentTarget.value = ''
              }}
            />
          </span>
        }
        flush
      >
        {feeds.isPending ? (
          <LoadingRows rows={4} />
        ) : feeds.isError ? (
          <Failure what="the feeds" error={feeds.error} retry={() => feeds.refetch()} />
        ) : (
          <FeedRows feeds={feeds.data.items} />
        )}
      </Panel>
      <p className={css.note}>
        The same on the command line: <Command>stance feed update</Command>, or{' '}
        <Command>stance feed import FILE</Command> where there is no way to the internet.
      </p>
    </>
  )
}

function FeedRows({ feeds }: { feeds: readonly Feed[] }) {
  const stale = staleFeeds(feeds, useNow())
  return (
    <ul className={css.list}>
      {feeds.map(f => (
        <li key={f.feed} className={css.row}>
          <div className={css.what}>
            <strong>{words(f.title)}</strong>
            <span className="muted">{f.used}</span>
          </div>
          <div>
            {f.missing ? (
              <Tag tone="warn" icon="warning">
                missing
              </Tag>
            ) : stale.includes(f) ? (
              <Tag tone="warn" icon="clock">
                out of date
              </Tag>
            ) : (
              <Tag tone="good" icon="check">
                fresh
              </Tag>
            )}
          </div>
          <div className={css.figures}>
            {f.missing ? (
              'What depends on it is unknown'
            ) : (
              <>
                <span>as of {f.as_of ? date(f.as_of) : 'unknown'}</span>
                <span>
                  {count(f.rows)} rows, imported <Ago at={f.imported} />
                </span>
              </>
            )}
          </div>
        </li>
      ))}
    </ul>
  )
}

function Result({ result: r }: { result: Schema['FeedResult'] }) {
  if (r.error) {
    return (
      <Notice tone="warn" title={`${r.feed}: not renewed`}>
        {r.error}
      </Notice>
    )
  }
  return (
    <Notice tone="good" title={`${r.feed}: as of ${date(r.as_of)}`}>
      {plural(r.rows, 'row')}
      {r.skipped > 0 && `, ${count(r.skipped)} of them unreadable`}; {plural(r.rescored, 'finding')} scored
      anew.
    </Notice>
  )
}
