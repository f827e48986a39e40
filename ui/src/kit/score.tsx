import { shown } from '../lib/score'
import css from './score.module.css'

/** The band a score falls into, by the bounds of the priorities; it only picks the colour. */
function band(score: number): string {
  if (score >= 80) return 'critical'
  if (score >= 50) return 'high'
  if (score >= 25) return 'medium'
  return 'low'
}

/** A risk score from 0 to 100 with a meter below it. */
export function Score({ score, large }: { score: number; large?: boolean }) {
  return (
    <span
      className={large ? css.large : css.score}
      data-band={band(score)}
      title={`Risk score ${shown(score)} of 100`}
    >
      <span className={css.number}>{shown(score)}</span>
      <span className={css.meter} aria-hidden="true">
        <span style={{ width: `${Math.max(score, 2)}%` }} />
      </span>
    </span>
  )
}
