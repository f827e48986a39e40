import type { Report } from '../../api/client'
import { Tag, type Tone } from '../../kit/tag'

const tones: Record<Report['state'], Tone> = {
  accepted: 'plain',
  applying: 'accent',
  applied: 'good',
  held: 'warn',
  failed: 'bad',
}
const labels: Record<Report['state'], string> = {
  accepted: 'waiting',
  applying: 'working',
  applied: 'applied',
  held: 'held',
  failed: 'failed',
}

/** Where a report stands. */
export function StateTag({ report: r }: { report: Report }) {
  return (
    <Tag tone={tones[r.state]} title={r.reason}>
      {labels[r.state]}
    </Tag>
  )
}
