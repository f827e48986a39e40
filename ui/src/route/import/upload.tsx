import { Button, NativeSelect, TextInput, UnstyledButton } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { type DragEvent, useRef, useState } from 'react'
import { Link, useNavigate } from 'react-router'
import { useApplications } from '../../api/estate'
import { sendReport, type Target } from '../../api/report'
import { Icon } from '../../kit/icon'
import { Panel } from '../../kit/page'
import { bytes, percent, plural } from '../../lib/format'
import css from './upload.module.css'

type Sending = { name: string; size: number; part: number; error?: string; done?: string }

const kinds = [
  { value: '', label: 'Let the report tell' },
  { value: 'repository', label: 'Repository' },
  { value: 'image', label: 'Image' },
  { value: 'endpoint', label: 'Endpoint' },
  { value: 'cloud_resource', label: 'Cloud resource' },
  { value: 'cluster', label: 'Cluster' },
  { value: 'host', label: 'Host' },
]

/** Takes files by dropping or choosing them, and says what they are a scan of. */
export function Upload({ application }: { application: string }) {
  const [target, setTarget] = useState<Target>({ application, scope: 'full' })
  const [over, setOver] = useState(false)
  const [sending, setSending] = useState<readonly Sending[]>([])
  const input = useRef<HTMLInputElement>(null)
  const queries = useQueryClient()
  const navigate = useNavigate()
  const known = useApplications()

  const send = async (files: readonly File[]) => {
    if (files.length === 0) return
    const rows = files.map(f => ({ name: f.name, size: f.size, part: 0 }) as Sending)
    setSending(rows)
    const change = (i: number, to: Partial<Sending>) =>
      setSending(now => now.map((s, n) => (n === i ? { ...s, ...to } : s)))
    const made: string[] = []
    for (const [i, file] of files.entries()) {
      try {
        const { items } = await sendReport(file, target, part => change(i, { part }))
        made.push(...items.map(r => r.id))
        change(i, { part: 1, done: items[0]?.id })
      } catch (e) {
        change(i, { error: e instanceof Error ? e.message : 'not sent' })
      }
    }
    await queries.invalidateQueries({ queryKey: ['reports', 'list'] })
    if (made.length === 1 && files.length === 1) void navigate(`/imports/${made[0]}`)
  }
  const drop = (e: DragEvent) => {
    e.preventDefault()
    setOver(false)
    void send([...e.dataTransfer.files])
  }
  return (
    <Panel>
      <div className={css.upload}>
        {/* biome-ignore lint/a11y/noStaticElementInteractions: dropping is an extra; the button inside does the same by keyboard */}
        <div
          className={css.zone}
          data-over={over || undefined}
          onDragOver={e => {
            e.preventDefault()
            setOver(true)
          }}
          onDragLeave={() => setOver(false)}
          onDrop={drop}
        >
          <Icon name="import" size={22} />
          <div className={css.words}>
            <strong>Drop report files here</strong>
            <span>SARIF, CycloneDX, or what your scanner writes; also gzip, zstd, zip</span>
          </div>
          <Button variant="default" onClick={() => input.current?.click()}>
            Choose files
          </Button>
          <input
            ref={input}
            type="file"
            multiple
            hidden
            aria-label="Report files"
            onChange={e => {
              void send([...(e.currentTarget.files ?? [])])
              e.currentTarget.value = '' // the same file may be sent again
            }}
          />
        </div>
        <div className={css.fields}>
          <TextInput
            label="Application"
            placeholder="unassigned"
            list="known-applications"
            value={target.application ?? ''}
            onChange={e => setTarget({ ...target, application: e.currentTarget.value })}
          />
          <datalist id="known-applications">
            {known.data?.items.map(a => (
              <option key={a.key} value={a.name} />
            ))}
          </datalist>
          <TextInput
            label="Asset"
            placeholder="what was scanned"
            value={target.asset ?? ''}
            onChange={e => setTarget({ ...target, asset: e.currentTarget.value })}
          />
          <NativeSelect
            size="xs"
            label="Kind of asset"
            data={kinds}
            value={target.asset_kind ?? ''}
            onChange={e =>
              setTarget({
                ...target,
                asset_kind: (e.currentTarget.value || undefined) as Target['asset_kind'],
              })
            }
          />
          <TextInput
            label="Branch or tag"
            placeholder="main"
            value={target.ref ?? ''}
            onChange={e => setTarget({ ...target, ref: e.currentTarget.value })}
          />
          <NativeSelect
            size="xs"
            label="Covers"
            data={[
              { value: 'full', label: 'all of the asset' },
              { value: 'part', label: 'a part (resolves nothing)' },
            ]}
            value={target.scope}
            onChange={e => setTarget({ ...target, scope: e.currentTarget.value as Target['scope'] })}
          />
        </div>
      </div>
      {sending.length > 0 && <Queue sending={sending} close={() => setSending([])} />}
    </Panel>
  )
}

function Queue({ sending, close }: { sending: readonly Sending[]; close: () => void }) {
  const settled = sending.every(s => s.error || s.done)
  return (
    <div className={css.queue}>
      <ul aria-live="polite">
        {sending.map((s, i) => (
          <li key={i}>
            <span className="clip">{s.name}</span>
            <span className="muted">{bytes(s.size)}</span>
            {s.error ? (
              <span className={css.error} role="alert">
                {s.error}
              </span>
            ) : s.done ? (
              <Link to={`/imports/${s.done}`}>stored, see its progress</Link>
            ) : (
              <>
                <progress value={s.part} max={1} aria-label={`Sending ${s.name}`} />
                <span className="muted">{percent(s.part, 1)}</span>
              </>
            )}
          </li>
        ))}
      </ul>
      {settled && (
        <UnstyledButton className={css.close} onClick={close}>
          Done with {plural(sending.length, 'file')}
        </UnstyledButton>
      )}
    </div>
  )
}
