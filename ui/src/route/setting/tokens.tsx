import { Button, Checkbox, Group, Modal, NativeSelect, Stack, TextInput } from '@mantine/core'
import { useState } from 'react'
import type { Schema } from '../../api/client'
import { useMakeToken, useRevokeToken, useTokens } from '../../api/setting'
import { Copy } from '../../kit/copy'
import { Icon } from '../../kit/icon'
import { Panel } from '../../kit/page'
import { Empty, Failure, LoadingRows, Notice } from '../../kit/state'
import { Tag } from '../../kit/tag'
import { Ago, useNow } from '../../kit/time'
import { toast } from '../../kit/toast'
import { date } from '../../lib/format'
import css from './tokens.module.css'

const scopes = [
  { value: 'read', label: 'read', means: 'look at everything' },
  { value: 'import', label: 'import', means: 'send reports' },
  { value: 'gate', label: 'gate', means: 'ask for verdicts' },
  { value: 'triage', label: 'triage', means: 'decide about findings' },
  { value: 'admin', label: 'admin', means: 'all of it, and settings' },
]

/** Tokens by which pipelines and scripts use the API. */
export function Tokens() {
  const tokens = useTokens()
  const [making, setMaking] = useState(false)
  const [revoking, setRevoking] = useState<Schema['Token']>()
  return (
    <>
      <Panel
        title="API tokens"
        aside={
          <Button onClick={() => setMaking(true)} leftSection={<Icon name="plus" size={14} />}>
            New token
          </Button>
        }
        flush
      >
        {tokens.isPending ? (
          <LoadingRows rows={3} />
        ) : tokens.isError ? (
          <Failure what="the tokens" error={tokens.error} retry={() => tokens.refetch()} />
        ) : tokens.data.items.length === 0 ? (
          <Empty icon="key" title="No tokens yet">
            A pipeline needs one with the scopes “import” and “gate”. It is sent as{' '}
            <code>Authorization: Bearer …</code>
          </Empty>
        ) : (
          <ul className={css.list}>
            {tokens.data.items.map(t => (
              <TokenRow key={t.id} token={t} revoke={() => setRevoking(t)} />
            ))}
          </ul>
        )}
      </Panel>
      <Modal
        opened={making}
        onClose={() => setMaking(false)}
        title="New API token"
        closeOnClickOutside={false}
      >
        {making && <Make close={() => setMaking(false)} />}
      </Modal>
      <Modal
        opened={revoking !== undefined}
        onClose={() => setRevoking(undefined)}
        title="Revoke this token?"
      >
        {revoking && <Revoke token={revoking} close={() => setRevoking(undefined)} />}
      </Modal>
    </>
  )
}

function TokenRow({ token: t, revoke }: { token: Schema['Token']; revoke: () => void }) {
  const expired = t.expires !== undefined && Date.parse(t.expires) < useNow()
  return (
    <li className={css.row}>
      <div className={css.name}>
        <strong>{t.name}</strong>
        <span className={css.scopes}>
          {t.scopes.map(s => (
            <Tag key={s} tone={s === 'admin' ? 'warn' : 'plain'}>
              {s}
            </Tag>
          ))}
        </span>
      </div>
      <div className={css.times}>
        <span>
          {t.last_used ? (
            <>
              used <Ago at={t.last_used} />
            </>
          ) : (
            'never used'
          )}
        </span>
        <span>
          {expired ? <Tag tone="bad">expired</Tag> : t.expires ? `until ${date(t.expires)}` : 'no end'}
        </span>
      </div>
      <Button variant="default" size="compact-xs" onClick={revoke} aria-label={`Revoke ${t.name}`}>
        Revoke
      </Button>
    </li>
  )
}

function Make({ close }: { close: () => void }) {
  const [name, setName] = useState('')
  const [may, setMay] = useState<string[]>(['import', 'gate'])
  const [days, setDays] = useState('365')
  const make = useMakeToken()
  if (make.data) {
    return (
      <Stack gap="sm">
        <Notice tone="warn" title="Copy it now">
          It is shown this once. Stance keeps only a hash of it.
        </Notice>
        <div className={css.secret}>
          <code>{make.data.secret}</code>
          <Copy text={make.data.secret} label="Copy the token" />
        </div>
        <Group justify="flex-end">
          <Button onClick={close}>I have stored it</Button>
        </Group>
      </Stack>
    )
  }
  return (
    <form
      onSubmit={e => {
        e.preventDefault()
        make.mutate({ name: name.trim(), scopes: may, days: Number(days) })
      }}
    >
      <Stack gap="sm">
        <TextInput
          label="Name"
          placeholder="storefront pipeline"
          required
          maxLength={100}
          data-autofocus
          value={name}
          onChange={e => setName(e.currentTarget.value)}
        />
        <Checkbox.Group label="May" value={may} onChange={setMay}>
          <Stack gap={6} mt={6}>
            {scopes.map(s => (
              <Checkbox key={s.value} value={s.value} label={`${s.label}: ${s.means}`} />
            ))}
          </Stack>
        </Checkbox.Group>
        <NativeSelect
          size="xs"
          label="Valid for"
          value={days}
          onChange={e => setDays(e.currentTarget.value)}
          data={[
            { value: '30', label: '30 days' },
            { value: '90', label: '90 days' },
            { value: '365', label: 'a year' },
          ]}
        />
        {make.isError && (
          <Notice tone="bad" title="No token was made">
            {make.error.message}
          </Notice>
        )}
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={close}>
            Cancel
          </Button>
          <Button type="submit" loading={make.isPending} disabled={!name.trim() || may.length === 0}>
            Make the token
          </Button>
        </Group>
      </Stack>
    </form>
  )
}

function Revoke({ token, close }: { token: Schema['Token']; close: () => void }) {
  const revoke = useRevokeToken()
  return (
    <Stack gap="sm">
      <p>
        <strong>{token.name}</strong> stops working at once. What uses it is refused from then on.
      </p>
      {revoke.isError && (
        <Notice tone="bad" title="Not revoked">
          {revoke.error.message}
        </Notice>
      )}
      <Group justify="flex-end" gap="xs">
        <Button variant="default" onClick={close}>
          Keep it
        </Button>
        <Button
          color="red"
          loading={revoke.isPending}
          onClick={() =>
            revoke.mutate(token.id, {
              onSuccess: () => {
                toast(`${token.name} is revoked.`)
                close()
              },
            })
          }
        >
          Revoke
        </Button>
      </Group>
    </Stack>
  )
}
