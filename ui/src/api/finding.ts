import {
  keepPreviousData,
  queryOptions,
  useInfiniteQuery,
  useMutation,
  useQuery,
  useQueryClient,
} from '@tanstack/react-query'
import { useEffect } from 'react'
import type { View } from '../lib/filter'
import { client, type Schema, unwrap } from './client'
import type { operations } from './schema'

type Query = NonNullable<operations['list-findings']['parameters']['query']>

/** The API's query for a view: the same names, fields without a value left out. */
export function viewQuery(view: View): Query {
  const set = Object.entries(view).filter(([, v]) => v.length > 0)
  // The names agree with the API by construction; its enumerations were checked on decoding.
  const q = Object.fromEntries(set) as unknown as Query
  if (view.min_score) q.min_score = Number(view.min_score)
  if (view.cwe.length > 0) q.cwe = view.cwe.map(Number)
  return q
}

/** The findings of a view, page after page. Old rows stay while a changed view loads. */
export function useFindings(view: View, limit = 100) {
  return useInfiniteQuery({
    queryKey: ['findings', 'list', view, limit],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam, signal }) =>
      unwrap(
        client.GET('/api/v1/findings', {
          params: { query: { ...viewQuery(view), limit, cursor: pageParam } },
          signal,
        }),
      ),
    getNextPageParam: page => page.next_cursor || undefined,
    placeholderData: keepPreviousData,
  })
}

/** The counts by field for a view; sort does not matter to them. */
export function useFacets(view: View) {
  const { sort: _, ...filter } = viewQuery(view)
  return useQuery({
    queryKey: ['findings', 'facets', filter],
    queryFn: ({ signal }) =>
      unwrap(client.GET('/api/v1/findings/facets', { params: { query: filter }, signal })),
    placeholderData: keepPreviousData,
  })
}

const oneFinding = (id: string) =>
  queryOptions({
    queryKey: ['findings', 'one', id],
    queryFn: ({ signal }) =>
      unwrap(client.GET('/api/v1/findings/{id}', { params: { path: { id } }, signal })),
  })

export const useFinding = (id: string) => useQuery(oneFinding(id))

/** Fetches the finding that is likely to be opened next. */
export function usePrefetchFinding(id: string | undefined) {
  const queries = useQueryClient()
  useEffect(() => {
    if (id) void queries.prefetchQuery(oneFinding(id))
  }, [id, queries])
}

export function useHistory(id: string) {
  return useQuery({
    queryKey: ['findings', 'history', id],
    queryFn: ({ signal }) =>
      unwrap(client.GET('/api/v1/findings/{id}/history', { params: { path: { id } }, signal })),
  })
}

/** Most findings that one request may decide about. */
const batch = 500

/** Decides about findings; everything that shows findings is read anew. */
export function useTriage() {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: async (request: Schema['TriageRequest']) => {
      let changed = 0
      for (let i = 0; i < request.findings.length; i += batch) {
        const part = { ...request, findings: request.findings.slice(i, i + batch) }
        changed += (await unwrap(client.POST('/api/v1/findings/triage', { body: part }))).changed
      }
      return changed
    },
    onSettled: () =>
      Promise.all(
        ['findings', 'overview', 'applications'].map(k => queries.invalidateQueries({ queryKey: [k] })),
      ),
  })
}
