import Markdown, { type Components } from 'react-markdown'
import { toMarkdown, webLink } from '../lib/prose'
import css from './prose.module.css'

/*
 * Descriptions come from reports, so anyone may have written them. Raw HTML
 * is shown as text, links lead only to the web, and images are not loaded:
 * loading one would tell its server who reads which finding.
 */
const components: Components = {
  a: ({ href, children }) => <WebLink href={href}>{children}</WebLink>,
  img: ({ alt, src }) => <WebLink href={typeof src === 'string' ? src : undefined}>{alt || 'image'}</WebLink>,
  h1: ({ children }) => <h4>{children}</h4>,
  h2: ({ children }) => <h4>{children}</h4>,
  h3: ({ children }) => <h4>{children}</h4>,
  pre: ({ children }) => (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    <pre tabIndex={0}>{children}</pre>
  ),
}

/** Text of a tool, Markdown, HTML or plain, shown safely. */
export function Prose({ text }: { text: string }) {
  return (
    <div className={css.prose}>
      <Markdown components={components} urlTransform={url => webLink(url) ?? ''}>
        {toMarkdown(text)}
      </Markdown>
    </div>
  )
}

/** A link out of Stance; only text when the address is not one of the web. */
export function WebLink({ href, children }: { href: string | undefined; children: React.ReactNode }) {
  const url = webLink(href)
  if (!url) return <span>{children}</span>
  return (
    <a href={url} target="_blank" rel="noopener noreferrer">
      {children}
    </a>
  )
}
