import { Modal } from '@mantine/core'
import { Key } from '../../kit/tag'
import css from './help.module.css'

const groups: readonly { title: string; rows: readonly [string[], string][] }[] = [
  {
    title: 'Everywhere',
    rows: [
      [['?'], 'Show this help'],
      [['/'], 'Search findings'],
      [['g', 'o'], 'Overview'],
      [['g', 'f'], 'Findings'],
      [['g', 'a'], 'Applications'],
      [['g', 'c'], 'Components'],
      [['g', 'i'], 'Imports'],
      [['g', 's'], 'Settings'],
    ],
  },
  {
    title: 'In lists',
    rows: [
      [['j', '↓'], 'Next row'],
      [['k', '↑'], 'Previous row'],
      [['Enter'], 'Open'],
      [['x'], 'Select'],
      [['t'], 'Decide about the selected'],
      [['Esc'], 'Clear the selection'],
    ],
  },
  {
    title: 'On a finding',
    rows: [
      [['j', '→'], 'Next finding of the list'],
      [['k', '←'], 'Previous finding'],
      [['t'], 'Decide'],
      [['u'], 'Back to the list'],
    ],
  },
]

/** The shortcuts, at hand. */
export function Help({ opened, close }: { opened: boolean; close: () => void }) {
  return (
    <Modal opened={opened} onClose={close} title="Keyboard shortcuts" size="lg">
      <div className={css.groups}>
        {groups.map(g => (
          <section key={g.title}>
            <h3 className={css.title}>{g.title}</h3>
            <dl className={css.list}>
              {g.rows.map(([keys, what]) => (
                <div key={what}>
                  <dt>
                    {keys.map(k => (
                      <Key key={k}>{k}</Key>
                    ))}
                  </dt>
                  <dd>{what}</dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
    </Modal>
  )
}
