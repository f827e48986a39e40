import { ActionIcon, Drawer } from '@mantine/core'
import { useEffect, useState } from 'react'
import { Link, Outlet, useLocation, useNavigate, useNavigation } from 'react-router'
import { Icon, Mark } from '../../kit/icon'
import { useKeys, useKeysArrive } from '../../kit/keys'
import { Help } from './help'
import { Nav } from './nav'
import css from './shell.module.css'

/** The frame around every page: navigation, shortcuts that work everywhere, help. */
export function Shell() {
  const [help, setHelp] = useState(false)
  const [menu, setMenu] = useState(false)
  const navigate = useNavigate()
  const { pathname, key } = useLocation()
  const busy = useNavigation().state === 'loading'
  useEffect(() => {
    if (pathname) setMenu(false) // a page was chosen
  }, [pathname])
  useKeysArrive(key)
  const shortcuts = {
    '?': () => setHelp(true),
    'g o': () => navigate('/'),
    'g f': () => navigate('/findings'),
    'g a': () => navigate('/applications'),
    'g c': () => navigate('/components'),
    'g i': () => navigate('/imports'),
    'g s': () => navigate('/settings'),
    // For pages without a search of their own.
    '/': () => navigate('/findings', { state: { search: true } }),
  }
  useKeys(shortcuts, { frame: true })
  return (
    <div className={css.shell}>
      <a href="#main" className={css.skip}>
        Skip to content
      </a>
      <aside className={css.side}>
        <Nav onHelp={() => setHelp(true)} />
      </aside>
      <header className={css.top}>
        <ActionIcon onClick={() => setMenu(true)} aria-label="Open navigation" size={36}>
          <Icon name="menu" size={18} />
        </ActionIcon>
        <Link to="/" className={css.brand}>
          <Mark size={22} /> Stance
        </Link>
      </header>
      <Drawer.Root opened={menu} onClose={() => setMenu(false)} size={260} padding={0}>
        <Drawer.Overlay />
        <Drawer.Content aria-label="Navigation">
          <div className={css.drawer}>
            <Nav onHelp={() => setHelp(true)} />
          </div>
        </Drawer.Content>
      </Drawer.Root>
      <main id="main" className={css.main} tabIndex={-1} data-busy={busy || undefined}>
        <Outlet />
      </main>
      <Help opened={help} close={() => setHelp(false)} />
    </div>
  )
}
