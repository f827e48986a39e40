import type { Location, Observation } from '../../api/client'
import { Code, Raw } from '../../kit/code'
import { Copy } from '../../kit/copy'
import { Icon } from '../../kit/icon'
import { Facts, Panel } from '../../kit/page'
import { WebLink } from '../../kit/prose'
import { Tag } from '../../kit/tag'
import { codeLines, placeOf } from '../../lib/code'
import css from './place.module.css'

/** Where the flaw is: code, address, resource or image, as far as the tools said. */
export function Place({
  location: l,
  observations,
}: {
  location: Location
  observations: readonly Observation[]
}) {
  // Another tool may have brought the source text that the leading one left out.
  const withCode = [l, ...observations.map(o => o.location)].find(
    x => x.path === l.path && (x.snippet || x.context),
  )
  const lines = withCode ? codeLines({ ...withCode, start_line: withCode.start_line ?? l.start_line }) : []
  const secret = observations.find(o => o.secret)?.secret
  const place = placeOf(l)
  const rows = [
    l.symbol && (['Symbol', <code key="s">{l.symbol}</code>] as const),
    l.url &&
      l.path &&
      ([
        'URL',
        <WebLink key="u" href={l.url}>
          {l.url}
        </WebLink>,
      ] as const),
    l.method && (['Method', l.method] as const),
    l.parameter && (['Parameter', <code key="p">{l.parameter}</code>] as const),
    l.resource && l.resource !== place && (['Resource', <code key="r">{l.resource}</code>] as const),
    l.image && l.image !== place && (['Image', <code key="i">{l.image}</code>] as const),
    l.layer && (['Layer', <code key="l">{l.layer}</code>] as const),
    l.commit && (['Commit', <code key="c">{l.commit}</code>] as const),
    l.author && (['Author', l.author] as const),
    l.date && (['Date', l.date] as const),
    secret &&
      ([
        'Secret',
        <span key="m" className={css.secret}>
          <code>{secret.masked}</code>
          {secret.verified === true && <Tag tone="bad">proved to work</Tag>}
          {secret.verified === false && <Tag>did not work when tried</Tag>}
          {secret.detector && <span className="muted">{secret.detector}</span>}
        </span>,
      ] as const),
  ]
  if (!place && rows.every(r => !r) && lines.length === 0) return null
  return (
    <Panel title="Where">
      {place && (
        <div className={css.place}>
          <Icon name={l.path ? 'code' : l.url ? 'globe' : 'cloud'} size={14} />
          {!l.path && l.url ? (
            <span className={css.path}>
              {l.method && <strong>{l.method} </strong>}
              <WebLink href={l.url}>{l.url}</WebLink>
            </span>
          ) : (
            <span className={css.path}>{place}</span>
          )}
          <Copy text={l.path ? place : (l.url ?? place)} label="Copy the place" />
        </div>
      )}
      {lines.length > 0 && <Code lines={lines} label={`Code at ${place}`} />}
      {l.evidence && (
        <>
          <h3 className={css.sub}>Evidence</h3>
          <Raw text={l.evidence} label="Evidence" />
        </>
      )}
      {rows.some(Boolean) && (
        <div className={css.facts}>
          <Facts rows={rows} />
        </div>
      )}
    </Panel>
  )
}
