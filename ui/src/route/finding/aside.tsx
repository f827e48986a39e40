import { Button } from '@mantine/core'
import { Link } from 'react-router'
import type { FindingDetail, Schema } from '../../api/client'
import { Copy } from '../../kit/copy'
import { Icon } from '../../kit/icon'
import { Facts, Panel } from '../../kit/page'
import { StatusTag, Tag } from '../../kit/tag'
import { Ago } from '../../kit/time'
import { findingsURL } from '../../lib/filter'
import { date } from '../../lib/format'
import css from './aside.module.css'

const decidedWord: Record<FindingDetail['decided_by'], string> = {
  evidence: 'By evidence: whether scans still report it.',
  scanner: 'By the tool’s own word.',
  vex: 'By a VEX statement.',
  rule: 'By a policy rule.',
  person: 'By a person. No scan changes that.',
}

/** The state and who stands behind it. */
export function Decision({ finding: f, decide }: { finding: FindingDetail; decide: () => void }) {
  return (
    <Panel title="Status" aside={<StatusTag status={f.status} />}>
      <p className={css.by}>{decidedWord[f.decided_by]}</p>
      {f.triage && (
        <blockquote className={css.reason}>
          <p>{f.triage.reason}</p>
          <footer>
            {f.triage.by}, <Ago at={f.triage.at} />
            {f.triage.until && ` · until ${date(f.triage.until)}`}
          </footer>
        </blockquote>
      )}
      <Button variant="default" fullWidth onClick={decide}>
        {f.triage ? 'Change the decision' : 'Decide'}
      </Button>
    </Panel>
  )
}

/** Facts that help to find one’s way to and from this finding. */
export function About({ finding: f }: { finding: FindingDetail }) {
  return (
    <Panel title="About">
      <Facts
        rows={[
          [
            'Application',
            f.application ? (
              <Link to={`/applications/${encodeURIComponent(f.application)}`}>{f.application}</Link>
            ) : (
              'unassigned'
            ),
          ],
          [
            'Asset',
            <Link key="a" to={findingsURL({ asset: [f.asset_id] })}>
              {f.asset}
            </Link>,
          ],
          [
            'Check',
            <Link key="c" to={findingsURL({ check: f.check.id })} className={css.check}>
              {f.check.id}
            </Link>,
          ],
          ['First seen', <Ago key="f" at={f.first_seen} />],
          ['Last seen', <Ago key="l" at={f.last_seen} />],
          [
            'Id',
            <span key="i" className={css.id}>
              <code className="clip">{f.id}</code>
              <Copy text={f.id} label="Copy the id" />
            </span>,
          ],
        ]}
      />
    </Panel>
  )
}

/** Where the finding stands on each branch or tag. */
export function Branches({ refs }: { refs: readonly Schema['RefState'][] }) {
  if (refs.length === 0) return null
  return (
    <Panel title="Branches">
      <ul className={css.refs}>
        {refs.map(r => (
          <li key={r.ref}>
            <Icon name="branch" size={13} />
            <span className={css.ref}>{r.ref || 'no branch given'}</span>
            {r.default && <Tag>default</Tag>}
            <span className={css.state} title="As of the last scan of this branch">
              {r.present ? <Tag tone="high">present</Tag> : <Tag tone="good">gone</Tag>}{' '}
              <Ago at={r.as_of} brief />
            </span>
          </li>
        ))}
      </ul>
    </Panel>
  )
}
