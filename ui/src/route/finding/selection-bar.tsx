import { Button, CloseButton } from '@mantine/core'
import { Key } from '../../kit/tag'
import { count, plural } from '../../lib/format'
import css from './selection-bar.module.css'

/** What can be done with the chosen rows. */
export function SelectionBar(props: {
  count: number
  loaded: number
  all: () => void
  none: () => void
  decide: () => void
}) {
  return (
    <div className={css.bar} role="toolbar" aria-label="Selected findings">
      <strong>{plural(props.count, 'finding')} selected</strong>
      {props.count < props.loaded && (
        <Button variant="subtle" size="compact-xs" onClick={props.all}>
          Select all {count(props.loaded)} shown
        </Button>
      )}
      <span className={css.space} />
      <Button onClick={props.decide} rightSection={<Key>t</Key>}>
        Decide…
      </Button>
      <CloseButton onClick={props.none} aria-label="Clear the selection" />
    </div>
  )
}
