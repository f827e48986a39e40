import { Button, Skeleton, UnstyledButton } from '@mantine/core'
import { useState } from 'react'
import { Link } from 'react-router'
import type { Schema, Severity, Verdict } from '../../api/client'
import { useVerdict } from '../../api/estate'
import { Icon, type IconName } from '../../kit/icon'
import { Panel } from '../../kit/page'
import { Score } from '../../kit/score'
import { SeverityMark } from '../../kit/severity'
import { Tag, type Tone } from '../../kit/tag'
import { count, digest, plural, words } from '../../lib/format'
import css from './gates.module.css'

type Stage = Schema['GateRequest']['stage']

const stages: readonly { stage: Stage; asked: string }[] = [
  { stage: 'commit', asked: 'May it be merged?' },
  { stage: 'build', asked: 'May it be built?' },
  { stage: 'deploy', asked: 'May it be deployed?' },
]

const tones: Record<Verdict['outcome'], Tone> = { pass: 'good', warn: 'warn', block: 'bad', unknown: 'plain' }
const icons: Record<Verdict['outcome'], IconName> = {
  pass: 'check',
  warn: 'warning',
  block: 'close',
  unknown: 'help',
}

/** What policy says at each stage, with the reasons and what to do about them. */
export function Gates({ application }: { application: string }) {
  return (
    <Panel title="Gates" aside={<Link to="/settings?part=policies">Policies</Link>} flush>
      {stages.map(s => (
        <Gate key={s.stage} application={application} {...s} />
      ))}
    </Panel>
  )
}

function Gate({ application, stage, asked }: { application: string; stage: Stage; asked: string }) {
  const verdict = useVerdict(application, stage)
  const [open, setOpen] = useState<boolean>()
  if (verdict.isPending) {
    return (
      <div className={css.gate}>
        <Skeleton height={20} width="60%" m={12} />
      </div>
    )
  }
  if (verdict.isError) {
    return (
      <div className={css.gate}>
        <div className={css.head} role="alert">
          <strong>{words(stage)}</strong>
          <span className="muted">{verdict.error.message}</span>
          <Button variant="default" size="compact-xs" onClick={() => verdict.refetch()}>
            Try again
          </Button>
        </div>
      </div>
    )
  }
  const v = verdict.data
  const shown = open ?? (v.outcome === 'block' && stage === 'deploy')
  return (
    <details className={css.gate} open={shown} onToggle={e => setOpen(e.currentTarget.open)}>
      <summary className={css.head}>
        <strong className={css.stage}>{words(stage)}</strong>
        <Tag tone={tones[v.outcome]} icon={icons[v.outcome]}>
          {v.outcome === 'unknown' ? 'can’t decide' : v.outcome}
        </Tag>
        <span className={css.asked}>{asked}</span>
        <span className={css.judged}>
          {plural(v.judged, 'finding')} judged
          {v.excluded > 0 && `, ${count(v.excluded)} excluded by decisions`}
        </span>
      </summary>
      <div className={css.body}>
        {v.reasons.length === 0 ? (
          <p className="muted">{v.outcome === 'pass' ? 'No rule objects.' : 'The gate gave no reason.'}</p>
        ) : (
          <ul className={css.reasons}>
            {v.reasons.map(r => (
              <Reason key={`${r.policy}/${r.rule}`} reason={r} />
            ))}
          </ul>
        )}
        <p className={css.bundle}>Decided by the policies {digest(v.bundle)}.</p>
      </div>
    </details>
  )
}

const actionTone: Record<Schema['Reason']['action'], Tone> = {
  block: 'bad',
  warn: 'warn',
  notify: 'accent',
  unknown: 'plain',
  undecided: 'plain',
}

/** How many items of a reason are shown before the rest is asked for. */
const few = 3

function Reason({ reason: r }: { reason: Schema['Reason'] }) {
  const [all, setAll] = useState(false)
  const shown = all ? r.findings : r.findings.slice(0, few)
  return (
    <li className={css.reason}>
      <div className={css.rule}>
        <Tag tone={actionTone[r.action]}>{r.action}</Tag>
        <strong>{r.message}</strong>
      </div>
      <div className={css.origin}>
        {[
          `${r.policy} / ${r.rule}`,
          r.count > 0 &&
            plural(r.count, r.about.replace(/s$/, '')) + (r.max ? ` where ${count(r.max)} may be` : ''),
          r.unknown && `${count(r.unknown)} could not be decided`,
          r.missing?.length && `not known: ${r.missing.join(', ')}`,
          r.controls?.length && `controls ${r.controls.join(', ')}`,
        ]
          .filter(Boolean)
          .join(' · ')}
      </div>
      {r.fix && (
        <p className={css.fix}>
          <Icon name="wrench" size={13} /> {r.fix}
        </p>
      )}
      {shown.length > 0 && (
        <ul className={css.findings}>
          {shown.map(f => (
            <Item key={f.id} item={f} isFinding={r.about.startsWith('finding')} />
          ))}
        </ul>
      )}
      {r.findings.length > few && (
        <UnstyledButton className={css.more} onClick={() => setAll(!all)} aria-expanded={all}>
          {all
            ? 'Show fewer'
            : r.count > r.findings.length
              ? `Show ${r.findings.length} of ${count(r.count)}`
              : `Show all ${r.findings.length}`}
        </UnstyledButton>
      )}
    </li>
  )
}

/** What a rule speaks of: a finding, which has a page, or a scan or asset, which has none. */
function Item({ item: f, isFinding }: { item: Schema['ReasonFinding']; isFinding: boolean }) {
  return (
    <li>
      {f.score !== undefined && <Score score={f.score} />}
      <div className={css.words}>
        {isFinding ? <Link to={`/findings/${f.id}`}>{f.title}</Link> : <strong>{f.title}</strong>}
        <div className={css.sub}>
          {f.severity && <SeverityMark severity={f.severity as Severity} />}
          {(f.place || f.asset) && <span className={css.place}>{f.place || f.asset}</span>}
          {(f.message || f.why) && <span className="muted">{f.message || f.why}</span>}
        </div>
        {f.fix && <div className={css.todo}>{f.fix}</div>}
      </div>
    </li>
  )
}
