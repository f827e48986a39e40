/** A problem of the policies and where it stands; line 0 when that is not known. */
export type Mark = { line: number; column: number; message: string }

/** Reads the place of a problem as the API gives it: "file:line:column", the file may be empty. */
export function markOf(problem: { message: string; location: string }): Mark {
  const at = /(\d+):(\d+)$/.exec(problem.location)
  return { line: Number(at?.[1] ?? 0), column: Number(at?.[2] ?? 0), message: problem.message }
}
