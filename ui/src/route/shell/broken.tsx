import { Button } from '@mantine/core'
import { Link, useRouteError } from 'react-router'
import { Empty } from '../../kit/state'

/** A page that could not be drawn or loaded, for example after the server was updated. */
export function Broken() {
  const error = useRouteError()
  const message = error instanceof Error ? error.message : 'Something unexpected happened.'
  return (
    <Empty
      alone
      icon="warning"
      title="This page broke"
      action={<Button onClick={() => location.reload()}>Load it again</Button>}
    >
      {message}. If the server was just updated, loading the page again is enough.
    </Empty>
  )
}

/** An address that leads nowhere. */
export function Missing() {
  return (
    <Empty
      alone
      icon="search"
      title="There is no such page"
      action={
        <Button component={Link} to="/">
          Go to the overview
        </Button>
      }
    >
      The address may be mistyped, or from another version of Stance.
    </Empty>
  )
}
