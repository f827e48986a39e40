import { Radio, useMantineColorScheme } from '@mantine/core'
import { Panel } from '../../kit/page'
import css from './appearance.module.css'

const schemes = [
  { value: 'auto', label: 'As the system', means: 'Follows the computer, also when that changes at dusk.' },
  { value: 'light', label: 'Light', means: 'Always light.' },
  { value: 'dark', label: 'Dark', means: 'Always dark.' },
] as const

/** How Stance looks; kept in this browser. */
export function Appearance() {
  const { colorScheme, setColorScheme } = useMantineColorScheme()
  return (
    <Panel title="Colours">
      <Radio.Group
        value={colorScheme}
        onChange={v => setColorScheme(v as typeof colorScheme)}
        aria-label="Colours"
      >
        <div className={css.choices}>
          {schemes.map(s => (
            <Radio.Card key={s.value} value={s.value} className={css.choice}>
              <Radio.Indicator size="xs" />
              <span>
                <span className={css.label}>{s.label}</span>
                <span className={css.means}>{s.means}</span>
              </span>
            </Radio.Card>
          ))}
        </div>
      </Radio.Group>
    </Panel>
  )
}
