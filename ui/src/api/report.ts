import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect } from 'react'
import { client, Problem, problemOf, type Report, type Schema, unwrap } from './client'
import type { operations } from './schema'

export const isSettled = (r: Report): boolean => r.state !== 'accepted' && r.state !== 'applying'

/** Imported reports, the newest first; looked at again while one is being applied. */
export function useReports(application = '') {
  return useInfiniteQuery({
    queryKey: ['reports', 'list', application],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam, signal }) =>
      unwrap(
        client.GET('/api/v1/reports', {
          params: { query: { application: application || undefined, cursor: pageParam, limit: 50 } },
          signal,
        }),
      ),
    getNextPageParam: page => page.next_cursor || undefined,
    refetchInterval: q => (q.state.data?.pages.some(p => p.items.some(r => !isSettled(r))) ? 2000 : false),
  })
}

export function useReport(id: string) {
  return useQuery({
    queryKey: ['reports', 'one', id],
    queryFn: ({ signal }) => unwrap(client.GET('/api/v1/reports/{id}', { params: { path: { id } }, signal })),
  })
}

/** Keeps a report's data up to date by its events until it is settled. */
export function useFollow(id: string, on: boolean) {
  const queries = useQueryClient()
  useEffect(() => {
    if (!on) return
    const source = new EventSource(`/api/v1/reports/${encodeURIComponent(id)}/events`)
    const take = (e: MessageEvent<string>) =>
      queries.setQueryData(['reports', 'one', id], JSON.parse(e.data) as Report)
    source.addEventListener('progress', take)
    source.addEventListener('done', e => {
      take(e)
      source.close() // otherwise the browser would connect again
      void queries.invalidateQueries({
        predicate: q => q.queryKey[0] !== 'reports' || q.queryKey[1] === 'list',
      })
    })
    return () => source.close()
  }, [id, on, queries])
}

export function useQuarantine(id: string, on: boolean) {
  return useQuery({
    queryKey: ['reports', 'quarantine', id],
    enabled: on,
    queryFn: ({ signal }) =>
      unwrap(client.GET('/api/v1/reports/{id}/quarantine', { params: { path: { id } }, signal })),
  })
}

export function useConfirm(id: string) {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: () => unwrap(client.POST('/api/v1/reports/{id}/confirm', { params: { path: { id } } })),
    onSuccess: report => {
      queries.setQueryData(['reports', 'one', id], report)
      return queries.invalidateQueries({ predicate: q => q.queryKey[1] !== 'one' })
    },
  })
}

export type Target = NonNullable<operations['import-report']['parameters']['query']>

/**
 * Sends a report's bytes. It uses XMLHttpRequest because only that tells how
 * much of a large file has been sent.
 */
export function sendReport(
  file: File,
  target: Target,
  sent: (part: number) => void,
): Promise<Schema['ReportList']> {
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries({ ...target, name: file.name })) {
    if (value) query.set(name, value)
  }
  return send<Schema['ReportList']>(`/api/v1/reports?${query}`, file, sent)
}

function send<T>(url: string, body: Blob, sent: (part: number) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    const xhr = new XMLHttpRequest()
    xhr.open('POST', url)
    xhr.setRequestHeader('Content-Type', 'application/octet-stream')
    xhr.upload.onprogress = e => sent(e.total > 0 ? e.loaded / e.total : 0)
    xhr.onload = () => {
      const doc = parse(xhr.responseText)
      if (xhr.status >= 200 && xhr.status < 300) resolve(doc as T)
      else reject(problemOf(xhr.status, doc as Schema['ErrorModel'] | undefined))
    }
    xhr.onerror = () =>
      reject(new Problem(0, 'The connection broke before the file was stored. Send it again.'))
    xhr.send(body)
  })
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
