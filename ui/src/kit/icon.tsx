import type { ReactNode } from 'react'

/* Icons on a grid of 16, drawn with one stroke. They are decoration: the words beside or the label of the button say what they mean. */

const shapes = {
  overview: <path d="M2.5 2.5h4.5v5h-4.5zM9 2.5h4.5v3h-4.5zM9 7.5h4.5v6h-4.5zM2.5 9.5h4.5v4h-4.5z" />,
  finding: <path d="M8 1.8 13.5 4v3.8c0 3.2-2.2 5.4-5.5 6.4-3.3-1-5.5-3.2-5.5-6.4V4zM8 5.2v3.3M8 10.7v.1" />,
  application: <path d="M8 1.8 14 5 8 8.2 2 5zM2 8l6 3.2L14 8M2 11l6 3.2 6-3.2" />,
  import: <path d="M8 2v7.5M5 6.5l3 3 3-3M2.5 10.5v3h11v-3" />,
  setting: <path d="M2 4.5h6.5M11.5 4.5H14M2 11.5h2.5M7.5 11.5H14M10 3v3M6 10v3" />,
  search: <path d="M7 2.5a4.5 4.5 0 1 0 0 9 4.5 4.5 0 0 0 0-9zM10.3 10.3l3.2 3.2" />,
  filter: <path d="M2 4h12M4.5 8h7M6.8 12h2.4" />,
  close: <path d="M4 4l8 8M12 4l-8 8" />,
  check: <path d="M3 8.5l3.3 3.3L13 4.8" />,
  right: <path d="M6 3.5 10.5 8 6 12.5" />,
  left: <path d="M10 3.5 5.5 8l4.5 4.5" />,
  down: <path d="M3.5 6 8 10.5 12.5 6" />,
  out: <path d="M9 2.5h4.5V7M13.5 2.5 7.5 8.5M11.5 9.5v4h-9v-9h4" />,
  copy: <path d="M5.5 5.5h8v8h-8zM10.5 5.5v-3h-8v8h3" />,
  sun: (
    <path d="M8 5.2a2.8 2.8 0 1 0 0 5.6 2.8 2.8 0 0 0 0-5.6zM8 1.5v1.2M8 13.3v1.2M1.5 8h1.2M13.3 8h1.2M3.4 3.4l.9.9M11.7 11.7l.9.9M12.6 3.4l-.9.9M4.3 11.7l-.9.9" />
  ),
  moon: <path d="M13.3 9.6A5.8 5.8 0 0 1 6.4 2.7a5.8 5.8 0 1 0 6.9 6.9z" />,
  screen: <path d="M2 3h12v8H2zM6 13.5h4M8 11v2.5" />,
  help: (
    <path d="M8 1.8a6.2 6.2 0 1 0 0 12.4A6.2 6.2 0 0 0 8 1.8zM6.2 6.3C6.3 5.2 7 4.7 8 4.7s1.8.6 1.8 1.6c0 1.3-1.8 1.4-1.8 2.7M8 11v.2" />
  ),
  warning: <path d="M8 2.2 14.3 13.3H1.7zM8 6.5v3M8 11.3v.1" />,
  clock: <path d="M8 1.8a6.2 6.2 0 1 0 0 12.4A6.2 6.2 0 0 0 8 1.8zM8 4.5V8l2.3 1.8" />,
  code: <path d="M5.5 4.5 2 8l3.5 3.5M10.5 4.5 14 8l-3.5 3.5" />,
  key: <path d="M5.5 7a3 3 0 1 0 0 6 3 3 0 0 0 0-6zM7.7 7.9 13 2.6M11 4.6l2 2" />,
  package: <path d="M8 1.8 13.5 4.7v6.6L8 14.2l-5.5-2.9V4.7zM2.5 4.7 8 7.6l5.5-2.9M8 7.6v6.6" />,
  globe: (
    <path d="M8 1.8a6.2 6.2 0 1 0 0 12.4A6.2 6.2 0 0 0 8 1.8zM1.8 8h12.4M8 1.8c3.5 3.7 3.5 8.7 0 12.4-3.5-3.7-3.5-8.7 0-12.4z" />
  ),
  cloud: <path d="M4.5 12.5a3 3 0 0 1-.3-6 4 4 0 0 1 7.7-.5 3.3 3.3 0 0 1-.4 6.5z" />,
  licence: <path d="M8 2v12M3.5 4h9M3.5 4 1.8 8.5h3.4zM12.5 4l-1.7 4.5h3.4zM5.5 14h5" />,
  branch: (
    <path d="M4.5 2.5v8M4.5 10.5a1.5 1.5 0 1 0 0 3 1.5 1.5 0 0 0 0-3zM11.5 2.5a1.5 1.5 0 1 0 0 3 1.5 1.5 0 0 0 0-3zM11.5 5.5c0 3-4 2.5-7 4.5" />
  ),
  flame: (
    <path d="M8.3 1.8c.3 2.5 3.7 4 3.7 7.7a4 4 0 0 1-8 0c0-1.7.8-2.7 1.7-3.6.2 1 .7 1.6 1.4 1.8C6.8 5.5 7 3.5 8.3 1.8z" />
  ),
  wrench: (
    <path d="M13.5 4.7a3.5 3.5 0 0 1-4.7 4L5 12.5A1.4 1.4 0 0 1 3 10.5l3.8-3.8a3.5 3.5 0 0 1 4-4.7L8.7 4.1l.4 2 2 .4z" />
  ),
  menu: <path d="M2 4h12M2 8h12M2 12h12" />,
  plus: <path d="M8 3v10M3 8h10" />,
  refresh: (
    <path d="M13.3 6.5A5.6 5.6 0 0 0 3.3 5M2.7 9.5A5.6 5.6 0 0 0 12.7 11M3 2v3.2h3.2M13 14v-3.2H9.8" />
  ),
  user: (
    <path d="M8 2.5a2.7 2.7 0 1 0 0 5.4 2.7 2.7 0 0 0 0-5.4zM2.8 13.5c.6-2.5 2.6-3.7 5.2-3.7s4.6 1.2 5.2 3.7" />
  ),
  dot: <path d="M8 6.5a1.5 1.5 0 1 0 0 3 1.5 1.5 0 0 0 0-3z" />,
} satisfies Record<string, ReactNode>

export type IconName = keyof typeof shapes

export function Icon({ name, size = 16 }: { name: IconName; size?: number }) {
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 16 16"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.4"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
      style={{ flex: 'none' }}
    >
      {shapes[name]}
    </svg>
  )
}

/** The mark of Stance: three strokes that lean the same way. */
export function Mark({ size = 24 }: { size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 32 32" aria-hidden="true" style={{ flex: 'none' }}>
      <rect width="32" height="32" rx="8" fill="var(--accent)" />
      <path
        d="M7 22.5 12.2 9.5h3.1l-5.2 13zM13.4 22.5l5.2-13h3.1l-5.2 13zM19.8 22.5 25 9.5v13z"
        fill="#fff"
      />
    </svg>
  )
}
