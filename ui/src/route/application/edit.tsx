import { Button, Group, Modal, NativeSelect, Stack, TagsInput, Textarea, TextInput } from '@mantine/core'
import { type ReactNode, useState } from 'react'
import { useNavigate } from 'react-router'
import type { ApplicationDetail, Schema } from '../../api/client'
import { useSaveApplication } from '../../api/estate'
import { Notice } from '../../kit/state'
import { toast } from '../../kit/toast'
import { words } from '../../lib/format'
import css from './edit.module.css'
import { keyOf } from './key'

type Edit = Schema['ApplicationEdit']

const blank: Edit = {
  name: '',
  context: { criticality: 'unknown', exposure: 'unknown', environment: 'unknown', data_classes: [] },
}

const criticalities = ['unknown', 'critical', 'high', 'medium', 'low']
const exposures = ['unknown', 'internet', 'partner', 'internal']
const environments = ['unknown', 'production', 'staging', 'development', 'sandbox']
const dataClasses = ['pci', 'phi', 'pii', 'credentials', 'confidential', 'internal', 'public']

/** Changes what is known of an application. */
export function EditApplication({
  application: a,
  opened,
  close,
}: {
  application: ApplicationDetail
  opened: boolean
  close: () => void
}) {
  const now: Edit = {
    name: a.name,
    description: a.description,
    unit: a.unit,
    owner: a.owner,
    context: a.context,
  }
  return (
    <Modal opened={opened} onClose={close} title={`Context of ${a.name}`} size={560}>
      {opened && <Form start={now} keyFor={() => a.key} done={close} verb="Save" />}
    </Modal>
  )
}

/** Makes an application before its first report. */
export function NewApplication({ opened, close }: { opened: boolean; close: () => void }) {
  const navigate = useNavigate()
  return (
    <Modal opened={opened} onClose={close} title="New application" size={560}>
      {opened && (
        <Form
          start={blank}
          keyFor={keyOf}
          verb="Make it"
          done={key => {
            close()
            if (key) void navigate(`/applications/${encodeURIComponent(key)}`)
          }}
        />
      )}
    </Modal>
  )
}

function Form(props: {
  start: Edit
  keyFor: (name: string) => string
  verb: string
  done: (key?: string) => void
}) {
  const [edit, setEdit] = useState(props.start)
  const save = useSaveApplication()
  const key = props.keyFor(edit.name)
  const context = (part: Partial<Schema['Context']>) =>
    setEdit({ ...edit, context: { ...edit.context, ...part } })
  const submit = () =>
    save.mutate(
      { key, edit: { ...edit, name: edit.name.trim() } },
      {
        onSuccess: () => {
          toast('Saved. The scores of its findings follow the context.')
          props.done(key)
        },
      },
    )
  return (
    <form
      onSubmit={e => {
        e.preventDefault()
        submit()
      }}
    >
      <Stack gap="sm">
        <TextInput
          label="Name"
          required
          maxLength={100}
          data-autofocus
          value={edit.name}
          description={key && key !== edit.name ? `Key: ${key}` : undefined}
          onChange={e => setEdit({ ...edit, name: e.currentTarget.value })}
        />
        <div className={css.pair}>
          <TextInput
            label="Business unit"
            maxLength={100}
            value={edit.unit ?? ''}
            onChange={e => setEdit({ ...edit, unit: e.currentTarget.value })}
          />
          <TextInput
            label="Owner team"
            maxLength={100}
            value={edit.owner ?? ''}
            onChange={e => setEdit({ ...edit, owner: e.currentTarget.value })}
          />
        </div>
        <div className={css.triple}>
          <Choice
            label="Criticality"
            values={criticalities}
            value={edit.context.criticality}
            set={v => context({ criticality: v as Schema['Context']['criticality'] })}
          />
          <Choice
            label="Reached from"
            values={exposures}
            value={edit.context.exposure}
            set={v => context({ exposure: v as Schema['Context']['exposure'] })}
          />
          <Choice
            label="Environment"
            values={environments}
            value={edit.context.environment}
            set={v => context({ environment: v as Schema['Context']['environment'] })}
          />
        </div>
        <TagsInput
          label="Classes of data"
          description={dataClasses.join(', ')}
          data={dataClasses}
          value={edit.context.data_classes}
          onChange={v => context({ data_classes: v.filter(x => dataClasses.includes(x)) })}
          clearable
        />
        <Textarea
          label="Description"
          autosize
          minRows={2}
          maxRows={8}
          maxLength={4000}
          value={edit.description ?? ''}
          onChange={e => setEdit({ ...edit, description: e.currentTarget.value })}
        />
        {save.isError && (
          <Notice tone="bad" title="Not saved">
            {save.error.message}
          </Notice>
        )}
        <Buttons>
          <Button variant="default" onClick={() => props.done()}>
            Cancel
          </Button>
          <Button type="submit" loading={save.isPending} disabled={!key}>
            {props.verb}
          </Button>
        </Buttons>
      </Stack>
    </form>
  )
}

function Choice(props: {
  label: string
  values: readonly string[]
  value: string
  set: (v: string) => void
}) {
  return (
    <NativeSelect
      size="xs"
      label={props.label}
      value={props.value}
      onChange={e => props.set(e.currentTarget.value)}
      data={props.values.map(value => ({ value, label: words(value) }))}
    />
  )
}

function Buttons({ children }: { children: ReactNode }) {
  return (
    <Group justify="flex-end" gap="xs" mt="xs">
      {children}
    </Group>
  )
}
