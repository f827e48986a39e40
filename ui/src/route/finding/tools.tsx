import { Link } from 'react-router'
import type { Observation } from '../../api/client'
import { Raw } from '../../kit/code'
import { Facts, Panel } from '../../kit/page'
import { Prose } from '../../kit/prose'
import { SeverityMark } from '../../kit/severity'
import { Tag } from '../../kit/tag'
import { Ago } from '../../kit/time'
import { placeOf } from '../../lib/code'
import { percent, plural, words } from '../../lib/format'
import css from './tools.module.css'

/** What each tool says, and why it was taken for the same flaw. */
export function Tools({ observations }: { observations: readonly Observation[] }) {
  return (
    <Panel title="What the tools said" aside={plural(observations.length, 'observation')} flush>
      {observations.map((o, i) => (
        <Said
          key={`${o.report_id}/${o.tool}/${o.record}`}
          observation={o}
          open={i === 0 && observations.length === 1}
        />
      ))}
    </Panel>
  )
}

function Said({ observation: o, open }: { observation: Observation; open: boolean }) {
  return (
    <details className={css.said} open={open}>
      <summary className={css.summary}>
        <strong>{o.tool}</strong>
        <SeverityMark severity={o.severity as 'high'} />
        {!o.present && <Tag tone="good">no longer reported</Tag>}
        <span className={css.joined} title={o.join_detail}>
          {joinWord(o)}
        </span>
        <span className={css.when}>
          <Ago at={o.last_seen} />
        </span>
      </summary>
      <div className={css.body}>
        {o.message && <Prose text={o.message} />}
        <Facts
          rows={[
            [
              o.join_rule.startsWith('first') ? 'Known by' : 'Joined because',
              <span key="j">
                {words(o.join_rule)}, {percent(o.join_confidence, 1)} sure
                {o.join_detail && <code className={css.detail}>{o.join_detail}</code>}
              </span>,
            ],
            ['Check', <code key="c">{o.check.id}</code>],
            placeOf(o.location) !== '' && ['Place', <code key="p">{placeOf(o.location)}</code>],
            o.severity_word && ['Tool’s severity', o.severity_word],
            o.confidence && ['Tool’s certainty', o.confidence],
            ...(o.cvss ?? []).map(
              c =>
                [
                  `CVSS ${c.version ?? ''}`.trim(),
                  <code key="v">{[c.score, c.vector, c.source].filter(Boolean).join('  ')}</code>,
                ] as const,
            ),
            o.claim?.state && [
              'Tool’s claim',
              [words(o.claim.state), o.claim.justification, o.claim.detail].filter(Boolean).join(': '),
            ],
            o.ref && ['Branch', o.ref],
            o.tags &&
              o.tags.length > 0 && [
                'Tags',
                <span key="t" className={css.tags}>
                  {o.tags.map(t => (
                    <Tag key={t}>{t}</Tag>
                  ))}
                </span>,
              ],
            [
              'Report',
              <span key="r">
                <Link to={`/imports/${o.report_id}`}>{o.report_id.slice(0, 13)}</Link>, record {o.record}
                {o.pointer && <code className={css.detail}>{o.pointer}</code>}
              </span>,
            ],
            ['First seen', <Ago key="f" at={o.first_seen} />],
          ]}
        />
        {o.related && o.related.length > 0 && (
          <Facts
            rows={[['Also named', <span key="x">{o.related.map(placeOf).filter(Boolean).join(', ')}</span>]]}
          />
        )}
        {o.raw && (
          <details className={css.raw}>
            <summary>The record as the tool wrote it (secrets masked)</summary>
            <Raw text={o.raw} label={`Record of ${o.tool}`} />
          </details>
        )}
      </div>
    </details>
  )
}

function joinWord(o: Observation): string {
  return o.join_rule.startsWith('first')
    ? 'started this finding'
    : `joined: ${o.join_rule}, ${percent(o.join_confidence, 1)} sure`
}
