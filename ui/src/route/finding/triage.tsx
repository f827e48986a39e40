import { Button, Group, Modal, Radio, Stack, Textarea, TextInput } from '@mantine/core'
import { useState } from 'react'
import type { Schema } from '../../api/client'
import { useTriage } from '../../api/finding'
import { Notice } from '../../kit/state'
import { toast } from '../../kit/toast'
import { plural } from '../../lib/format'
import css from './triage.module.css'
import { endOfDay, inDays } from './until'

type Status = Schema['TriageRequest']['status']

const choices: readonly { value: Status; label: string; means: string }[] = [
  { value: 'false_positive', label: 'False positive', means: 'There is no flaw: the tool is wrong here.' },
  {
    value: 'not_affected',
    label: 'Not affected',
    means: 'The flaw is there but can’t be reached, or does not apply here.',
  },
  {
    value: 'accepted',
    label: 'Accepted',
    means: 'It is a flaw, and you decide to live with it, best for a limited time.',
  },
  { value: 'open', label: 'Open again', means: 'Takes an earlier decision back.' },
]

type Props = { findings: readonly string[]; close: () => void; done?: () => void }

/** Asks for a decision about findings: what, why and until when. */
export function TriageDialog({ findings, close, done }: Props) {
  return (
    <Modal
      opened={findings.length > 0}
      onClose={close}
      title={`Decide about ${plural(findings.length, 'finding')}`}
      size={520}
    >
      {findings.length > 0 && <Form findings={findings} close={close} done={done} />}
    </Modal>
  )
}

function Form({ findings, close, done }: Props) {
  const [status, setStatus] = useState<Status>('false_positive')
  const [reason, setReason] = useState('')
  const [until, setUntil] = useState('')
  const triage = useTriage()
  const enough = reason.trim().length >= 3
  const submit = () => {
    if (!enough || triage.isPending) return
    const word = choices.find(c => c.value === status)?.label.toLowerCase()
    triage.mutate(
      {
        findings: [...findings],
        status,
        reason: reason.trim(),
        until: until && status !== 'open' ? endOfDay(until) : undefined,
      },
      {
        onSuccess: changed => {
          toast(
            changed === 0
              ? 'Nothing changed: that was decided before.'
              : `${plural(changed, 'finding')} marked as ${word}.`,
          )
          done?.()
          close()
        },
      },
    )
  }
  return (
    <form
      onSubmit={e => {
        e.preventDefault()
        submit()
      }}
      onKeyDown={e => {
        if (e.key === 'Enter' && (e.ctrlKey || e.metaKey)) submit()
      }}
    >
      <Stack gap="md">
        <Radio.Group value={status} onChange={v => setStatus(v as Status)} label="Decision">
          <div className={css.choices}>
            {choices.map(c => (
              <Radio.Card key={c.value} value={c.value} className={css.choice}>
                <Radio.Indicator size="xs" />
                <span>
                  <span className={css.label}>{c.label}</span>
                  <span className={css.means}>{c.means}</span>
                </span>
              </Radio.Card>
            ))}
          </div>
        </Radio.Group>
        <Textarea
          label="Reason"
          description="Others read this later, and so may an auditor."
          required
          data-autofocus
          autosize
          minRows={2}
          maxRows={8}
          maxLength={4000}
          value={reason}
          onChange={e => setReason(e.currentTarget.value)}
        />
        {status !== 'open' && (
          <div className={css.until}>
            <TextInput
              type="date"
              label="Until"
              description="Then it is open again by itself. Empty: no end."
              min={inDays(1, Date.now())}
              value={until}
              onChange={e => setUntil(e.currentTarget.value)}
            />
            <Group gap={6}>
              {[30, 90, 180].map(d => (
                <Button
                  key={d}
                  variant="default"
                  size="compact-xs"
                  onClick={() => setUntil(inDays(d, Date.now()))}
                >
                  {d} days
                </Button>
              ))}
            </Group>
          </div>
        )}
        {triage.isError && (
          <Notice tone="bad" title="The decision was not stored">
            {triage.error.message}
          </Notice>
        )}
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={close}>
            Cancel
          </Button>
          <Button type="submit" loading={triage.isPending} disabled={!enough}>
            Decide
          </Button>
        </Group>
      </Stack>
    </form>
  )
}
