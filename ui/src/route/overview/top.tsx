import { useState } from 'react'
import { Link, useNavigate } from 'react-router'
import type { Finding } from '../../api/client'
import { useKeys } from '../../kit/keys'
import { Score } from '../../kit/score'
import { SeverityMark } from '../../kit/severity'
import { Tag } from '../../kit/tag'
import css from './top.module.css'

/** The open findings with the highest risk. */
export function TopFindings({ findings }: { findings: readonly Finding[] }) {
  const [cursor, setCursor] = useState(-1)
  const navigate = useNavigate()
  const move = (by: number) => {
    const at = Math.max(0, Math.min(findings.length - 1, cursor + by))
    setCursor(at)
    document.querySelector<HTMLElement>(`[data-top="${at}"] a`)?.focus()
  }
  useKeys({
    j: () => move(1),
    ArrowDown: () => move(1),
    k: () => move(-1),
    ArrowUp: () => move(-1),
    Enter: () => findings[cursor] && navigate(`/findings/${findings[cursor].id}`),
  })
  if (findings.length === 0)
    return <p className={css.none}>Nothing is open. What was not scanned is unknown.</p>
  return (
    <ol className={css.list}>
      {findings.map((f, i) => (
        <li key={f.id} className={css.row} data-top={i}>
          <Score score={f.score} />
          <div className={css.main}>
            <div className={css.line}>
              <Link
                to={`/findings/${f.id}`}
                className={css.title}
                title={f.title}
                onFocus={() => setCursor(i)}
              >
                {f.title}
              </Link>
              {f.kev && (
                <Tag tone="bad" icon="flame" title="Known to be exploited (CISA KEV)">
                  KEV
                </Tag>
              )}
              {f.fixable && (
                <Tag tone="good" icon="wrench" title="A version or change that resolves it is known">
                  Fix
                </Tag>
              )}
            </div>
            <div className={css.sub}>
              <SeverityMark severity={f.severity} />
              <span className={css.application}>{f.application || 'unassigned'}</span>
              <span className={css.place} title={f.place}>
                {f.place}
              </span>
            </div>
          </div>
        </li>
      ))}
    </ol>
  )
}
