import { Button, Group, Modal, NativeSelect, Stack, TextInput } from '@mantine/core'
import { useState } from 'react'
import type { Asset } from '../../api/client'
import { useAddAsset } from '../../api/estate'
import { Notice } from '../../kit/state'
import { toast } from '../../kit/toast'

const kinds: readonly { value: Asset['kind']; label: string; example: string }[] = [
  { value: 'repository', label: 'Repository', example: 'acme/shop' },
  { value: 'image', label: 'Image', example: 'registry.example.com/shop' },
  { value: 'endpoint', label: 'Endpoint', example: 'https://shop.example.com' },
  { value: 'cloud_resource', label: 'Cloud resource', example: 'arn:aws:s3:::invoices' },
  { value: 'cluster', label: 'Cluster', example: 'prod-eu-1' },
  { value: 'host', label: 'Host', example: 'build-7.example.com' },
]

/** Adds an asset that no scan has reached yet, so that it is seen as unknown instead of not at all. */
export function AddAsset({ application }: { application: string }) {
  const [opened, setOpened] = useState(false)
  return (
    <>
      <Button variant="subtle" size="compact-xs" onClick={() => setOpened(true)}>
        Add an asset
      </Button>
      <Modal opened={opened} onClose={() => setOpened(false)} title="Add an asset">
        {opened && <Form application={application} close={() => setOpened(false)} />}
      </Modal>
    </>
  )
}

function Form({ application, close }: { application: string; close: () => void }) {
  const [kind, setKind] = useState<Asset['kind']>('repository')
  const [name, setName] = useState('')
  const add = useAddAsset()
  return (
    <form
      onSubmit={e => {
        e.preventDefault()
        add.mutate(
          { application, kind, name: name.trim() },
          {
            onSuccess: () => {
              toast(`${name.trim()} is listed as never scanned.`)
              close()
            },
          },
        )
      }}
    >
      <Stack gap="sm">
        <p className="muted">Until its first scan it counts as unknown, never as clean.</p>
        <NativeSelect
          size="xs"
          label="Kind"
          value={kind}
          data={kinds.map(({ value, label }) => ({ value, label }))}
          onChange={e => setKind(e.currentTarget.value as Asset['kind'])}
        />
        <TextInput
          label="Name"
          required
          data-autofocus
          maxLength={500}
          placeholder={kinds.find(k => k.value === kind)?.example}
          value={name}
          onChange={e => setName(e.currentTarget.value)}
        />
        {add.isError && (
          <Notice tone="bad" title="Not added">
            {add.error.message}
          </Notice>
        )}
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={close}>
            Cancel
          </Button>
          <Button type="submit" loading={add.isPending} disabled={!name.trim()}>
            Add
          </Button>
        </Group>
      </Stack>
    </form>
  )
}
