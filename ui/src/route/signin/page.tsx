import { Button } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { useLocation, useNavigate } from 'react-router'
import { signIn } from '../../api/setting'
import { Mark } from '../../kit/icon'
import { useTitle } from '../../kit/page'
import { Command, Notice } from '../../kit/state'
import css from './page.module.css'
import { takePlace } from './place'

/** Codes that were sent: a link works once, so its code must never be sent twice. */
const sent = new Map<string, Promise<unknown>>()

function redeem(code: string): Promise<unknown> {
  const call = sent.get(code) ?? signIn(code)
  sent.set(code, call)
  return call
}

/** Takes the code from the link's fragment, which browsers never send to servers by themselves. */
export function SignInPage() {
  useTitle('Sign in')
  const { hash } = useLocation()
  const navigate = useNavigate()
  const queries = useQueryClient()
  // A link that is opened while this page is shown changes the fragment and nothing else.
  const code = hash.slice(1)
  const [problem, setProblem] = useState('')
  useEffect(() => {
    if (!code) return
    let gone = false
    setProblem('')
    redeem(code).then(
      () => {
        if (gone) return
        queries.clear()
        void navigate(takePlace(), { replace: true })
      },
      (e: Error) => {
        if (gone) return
        setProblem(e.message)
        void navigate('/signin', { replace: true }) // the code must not stay in the address or the history
      },
    )
    return () => {
      gone = true
    }
  }, [code, navigate, queries])
  return (
    <main className={css.page}>
      <div className={css.card}>
        <Mark size={40} />
        {code ? (
          <>
            <h1>Signing in…</h1>
            <p role="status">One moment.</p>
          </>
        ) : (
          <>
            <h1>Sign in to Stance</h1>
            {problem && (
              <Notice tone="bad" title="That link did not work">
                {problem}
              </Notice>
            )}
            <p>
              There is no password. On the machine that runs Stance, print a sign-in link and open it here:
            </p>
            <Command>stance signin</Command>
            <p className="muted">
              A link works once and for a short time; the session then lasts twelve hours.
            </p>
            <Button variant="default" onClick={() => navigate(takePlace(), { replace: true })}>
              I am signed in already
            </Button>
          </>
        )}
      </div>
    </main>
  )
}
