import { Button } from '@mantine/core'
import { useEffect, useState } from 'react'
import { Problem, type Schema } from '../../api/client'
import { usePolicies, useSavePolicies } from '../../api/setting'
import { Editor } from '../../kit/editor'
import { Panel } from '../../kit/page'
import { Failure, LoadingPanels, Notice } from '../../kit/state'
import { Tag } from '../../kit/tag'
import { toast } from '../../kit/toast'
import { digest, plural } from '../../lib/format'
import css from './policies.module.css'
import { type Mark, markOf } from './problem'

/** The policies as their source, checked when they are saved. */
export function PoliciesPanel() {
  const policies = usePolicies()
  if (policies.isPending) return <LoadingPanels heights={[420, 160]} />
  if (policies.isError) {
    return (
      <Panel>
        <Failure what="the policies" error={policies.error} retry={() => policies.refetch()} />
      </Panel>
    )
  }
  return <Edit key={policies.data.digest} policies={policies.data} />
}

function Edit({ policies }: { policies: Schema['Policies'] }) {
  const [source, setSource] = useState(policies.source)
  const save = useSavePolicies()
  const changed = source !== policies.source
  useLeaveWarning(changed)
  const problems = save.error instanceof Problem ? save.error.details.map(markOf) : []
  const [jump, setJump] = useState<Mark>()
  return (
    <>
      {policies.default && (
        <Notice tone="info" title="These are the policies that Stance comes with">
          They stay in force until you save your own.
        </Notice>
      )}
      <Panel
        title="Source"
        aside={
          <span className={css.actions}>
            <span>in force: {digest(policies.digest)}</span>
            <Button variant="default" disabled={!changed} onClick={() => setSource(policies.source)}>
              Undo changes
            </Button>
            <Button
              disabled={!changed}
              loading={save.isPending}
              onClick={() =>
                save.mutate(source, { onSuccess: () => toast('Saved. The new policies are in force.') })
              }
            >
              Check and save
            </Button>
          </span>
        }
      >
        {save.isError && (
          <div className={css.problems}>
            <Notice tone="bad" title={save.error.message}>
              {problems.length > 0 && (
                <ul>
                  {problems.map(p => (
                    <li key={`${p.line}:${p.column}:${p.message}`}>
                      {p.line > 0 && (
                        <button type="button" className={css.jump} onClick={() => setJump({ ...p })}>
                          {p.line}:{p.column}
                        </button>
                      )}{' '}
                      {p.message}
                    </li>
                  ))}
                </ul>
              )}
            </Notice>
          </div>
        )}
        <Editor
          label="Source of the policies"
          value={source}
          onChange={setSource}
          marked={problems.map(p => p.line)}
          jump={jump}
        />
      </Panel>
      <Panel title="Rules in force" aside={plural(policies.rules.length, 'rule')} flush>
        <ul className={css.rules}>
          {policies.rules.map(r => (
            <li key={`${r.policy}/${r.rule}`}>
              <Tag tone={r.action === 'block' ? 'bad' : r.action === 'warn' ? 'warn' : 'accent'}>
                {r.action}
              </Tag>
              <span className={css.rule}>
                <strong>{r.rule}</strong> <span className="muted">{r.policy}</span>
                {r.message && <span className={css.message}>{r.message}</span>}
              </span>
              <span className={css.stages}>{r.stages.join(', ')}</span>
            </li>
          ))}
        </ul>
      </Panel>
    </>
  )
}

/** Asks before unsaved policies are lost with the tab. */
function useLeaveWarning(on: boolean) {
  useEffect(() => {
    if (!on) return
    const ask = (e: BeforeUnloadEvent) => e.preventDefault()
    addEventListener('beforeunload', ask)
    return () => removeEventListener('beforeunload', ask)
  }, [on])
}
