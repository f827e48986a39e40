import { ActionIcon, Menu, UnstyledButton, useMantineColorScheme } from '@mantine/core'
import { Link, NavLink, useNavigate } from 'react-router'
import { signOut, useMe } from '../../api/setting'
import { Icon, type IconName, Mark } from '../../kit/icon'
import { toast } from '../../kit/toast'
import css from './nav.module.css'

const pages: readonly { to: string; label: string; icon: IconName; keys: string }[] = [
  { to: '/', label: 'Overview', icon: 'overview', keys: 'G O' },
  { to: '/findings', label: 'Findings', icon: 'finding', keys: 'G F' },
  { to: '/applications', label: 'Applications', icon: 'application', keys: 'G A' },
  { to: '/components', label: 'Components', icon: 'package', keys: 'G C' },
  { to: '/imports', label: 'Imports', icon: 'import', keys: 'G I' },
  { to: '/settings', label: 'Settings', icon: 'setting', keys: 'G S' },
]

/** Where one can go, and who one is. */
export function Nav({ onHelp }: { onHelp: () => void }) {
  return (
    <div className={css.nav}>
      <Link to="/" className={css.brand}>
        <Mark size={24} />
        <span>Stance</span>
      </Link>
      <nav aria-label="Pages" className={css.pages}>
        {pages.map(p => (
          <NavLink key={p.to} to={p.to} end={p.to === '/'} className={css.page}>
            <Icon name={p.icon} />
            <span>{p.label}</span>
            <span className={css.keys} aria-hidden="true">
              {p.keys}
            </span>
          </NavLink>
        ))}
      </nav>
      <div className={css.foot}>
        <Person />
        <SchemeToggle />
        <ActionIcon onClick={onHelp} aria-label="Keyboard shortcuts and help">
          <Icon name="help" />
        </ActionIcon>
      </div>
    </div>
  )
}

function Person() {
  const me = useMe()
  const navigate = useNavigate()
  const leave = () =>
    signOut().then(
      () => navigate('/signin'),
      (e: Error) => toast(e.message, true),
    )
  return (
    <Menu position="top-start" width={200}>
      <Menu.Target>
        <UnstyledButton className={css.person}>
          <Icon name="user" />
          <span className="clip">{me.data?.name ?? '…'}</span>
        </UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown>
        {me.data && (
          <>
            <Menu.Label>May: {me.data.scopes.join(', ')}</Menu.Label>
            <Menu.Label>Version {me.data.version}</Menu.Label>
            <Menu.Divider />
          </>
        )}
        <Menu.Item leftSection={<Icon name="out" size={14} />} onClick={leave}>
          Sign out
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  )
}

/** Goes round light, dark and the system's choice. */
function SchemeToggle() {
  const { colorScheme, setColorScheme } = useMantineColorScheme()
  const next = { auto: 'light', light: 'dark', dark: 'auto' } as const
  const icon = { auto: 'screen', light: 'sun', dark: 'moon' } as const
  const word = { auto: 'as the system', light: 'light', dark: 'dark' }
  return (
    <ActionIcon
      onClick={() => setColorScheme(next[colorScheme])}
      aria-label={`Colours: ${word[colorScheme]}. Change to ${word[next[colorScheme]]}`}
      title={`Colours: ${word[colorScheme]}`}
    >
      <Icon name={icon[colorScheme]} />
    </ActionIcon>
  )
}
