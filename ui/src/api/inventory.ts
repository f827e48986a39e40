import { keepPreviousData, useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { client, type Schema, unwrap } from './client'

export type Component = Schema['InventoryComponent']
export type ComponentUse = Schema['ComponentUse']
export type ComponentNode = Schema['ComponentNode']

/** What components are asked for; empty fields don't filter. */
export type ComponentQuestion = {
  q: string
  application: string
  ecosystem: string
  licence: string
  ref: string
}

/** Components that answer a question, page after page. Old rows stay while a changed question loads. */
export function useComponents(question: ComponentQuestion) {
  return useInfiniteQuery({
    queryKey: ['components', 'list', question],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam, signal }) =>
      unwrap(
        client.GET('/api/v1/components', {
          params: {
            query: {
              q: question.q || undefined,
              application: question.application ? [question.application] : undefined,
              ecosystem: question.ecosystem || undefined,
              licence: question.licence || undefined,
              ref: question.ref || undefined,
              limit: 100,
              cursor: pageParam,
            },
          },
          signal,
        }),
      ),
    getNextPageParam: page => page.next_cursor || undefined,
    placeholderData: keepPreviousData,
    retry: false, // a question that is not understood stays so
  })
}

/** How an asset comes to a component, as the scan sees it that lists it; asked for when shown. */
export function useComponentUse(c: Component) {
  const query = { asset: c.asset_id, component: c.reference || c.purl || '', ref: c.ref || '*' }
  return useQuery({
    queryKey: ['components', 'use', query],
    enabled: query.component !== '',
    queryFn: ({ signal }) => unwrap(client.GET('/api/v1/components/paths', { params: { query }, signal })),
    select: uses => uses.items.find(u => u.component.tool === c.tool && u.component.ref === c.ref),
  })
}
