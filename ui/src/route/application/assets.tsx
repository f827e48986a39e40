import { NativeSelect, UnstyledButton } from '@mantine/core'
import { useId, useState } from 'react'
import { Link } from 'react-router'
import type { ApplicationDetail, Asset } from '../../api/client'
import { useDefaultRef } from '../../api/estate'
import { Icon, type IconName } from '../../kit/icon'
import { Panel } from '../../kit/page'
import { SeverityTally } from '../../kit/severity'
import { Empty } from '../../kit/state'
import { Tag } from '../../kit/tag'
import { Ago, useNow } from '../../kit/time'
import { toast } from '../../kit/toast'
import { findingsURL } from '../../lib/filter'
import { count, plural, words } from '../../lib/format'
import { AddAsset } from './add-asset'
import css from './assets.module.css'
import { isStale } from './stale'

const icons: Record<Asset['kind'], IconName> = {
  repository: 'code',
  image: 'package',
  endpoint: 'globe',
  cloud_resource: 'cloud',
  cluster: 'application',
  host: 'screen',
}

/** What the application is made of, and what scanned it when. */
export function Assets({ application }: { application: ApplicationDetail }) {
  const list = application.asset_list
  return (
    <Panel title="Assets" aside={<AddAsset application={application.key} />} flush>
      {list.length === 0 ? (
        <Empty icon="application" title="No assets yet">
          An asset comes into being with its first report. One that should be scanned and is not can be added
          by hand, so that it is seen as unknown.
        </Empty>
      ) : (
        list.map(a => <AssetRow key={a.id} asset={a} />)
      )}
    </Panel>
  )
}

function AssetRow({ asset: a }: { asset: Asset }) {
  const now = useNow()
  const [open, setOpen] = useState(a.scans.length <= 4)
  const id = useId()
  return (
    <div className={css.asset}>
      <div className={css.head}>
        <Icon name={icons[a.kind]} />
        <span className={css.name}>
          <Link to={findingsURL({ asset: [a.id] })}>{a.name}</Link>
          <span className={css.kind}>{words(a.kind)}</span>
        </span>
        {a.last_scan ? <SeverityTally tally={a.open} /> : <Tag tone="warn">never scanned, unknown</Tag>}
        {isStale(a.last_scan, now) && <Tag tone="warn">stale</Tag>}
        {a.last_scan && (
          <span className={css.when}>
            scanned <Ago at={a.last_scan} />
          </span>
        )}
        {a.scans.length > 0 && (
          <UnstyledButton
            className={css.toggle}
            onClick={() => setOpen(!open)}
            aria-expanded={open}
            aria-controls={id}
          >
            {plural(a.scans.length, 'row of scans', 'rows of scans')}{' '}
            <Icon name={open ? 'down' : 'right'} size={12} />
          </UnstyledButton>
        )}
      </div>
      {open && a.scans.length > 0 && (
        <div className={css.body} id={id}>
          <DefaultRef asset={a} />
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
          <section className={css.scroll} tabIndex={0} aria-label={`Scans of ${a.name}`}>
            <table className={css.scans}>
              <thead>
                <tr>
                  <th>Tool</th>
                  <th>Branch or tag</th>
                  <th>Reports now</th>
                  <th>Scans</th>
                  <th>Last full scan</th>
                </tr>
              </thead>
              <tbody>
                {a.scans.map(s => (
                  <tr key={`${s.tool}/${s.category}/${s.ref}`}>
                    <td>
                      {s.tool} {s.category && <span className="muted">{s.category}</span>}
                    </td>
                    <td className={css.ref}>
                      {s.ref || <span className="muted">none given</span>}{' '}
                      {s.ref === a.default_ref && s.ref && <Tag>default</Tag>}
                    </td>
                    <td>{count(s.present)}</td>
                    <td>{count(s.scans)}</td>
                    <td>
                      {s.last_full ? <Ago at={s.last_full} /> : <Tag tone="warn">only parts</Tag>}
                      {isStale(s.last_scan, now) && (
                        <>
                          {' '}
                          <Tag tone="warn">stale</Tag>
                        </>
                      )}
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          </section>
        </div>
      )}
    </div>
  )
}

/** Chooses the branch that counts, where there is a choice. */
function DefaultRef({ asset: a }: { asset: Asset }) {
  const change = useDefaultRef()
  const refs = [...new Set(a.scans.map(s => s.ref).filter(r => r !== undefined && r !== ''))] as string[]
  if (refs.length < 2) return null
  return (
    <NativeSelect
      size="xs"
      className={css.default}
      label="Figures count the findings of"
      value={a.default_ref ?? ''}
      disabled={change.isPending}
      data={a.default_ref && refs.includes(a.default_ref) ? refs : ['', ...refs]}
      onChange={e =>
        change.mutate(
          { asset: a.id, ref: e.currentTarget.value },
          {
            onError: err => toast(err.message, true),
            onSuccess: () => toast('The figures now count that branch.'),
          },
        )
      }
    />
  )
}
