import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { client, type Schema, unwrap } from './client'

export function useMe(on = true) {
  return useQuery({
    queryKey: ['me'],
    enabled: on,
    staleTime: 5 * 60_000,
    queryFn: ({ signal }) => unwrap(client.GET('/api/v1/me', { signal })),
  })
}

/** Exchanges the code of a sign-in link for a session cookie. */
export const signIn = (code: string): Promise<unknown> =>
  unwrap(client.POST('/api/v1/session', { body: { code } }))

export const signOut = (): Promise<unknown> => unwrap(client.DELETE('/api/v1/session'))

export function useFeeds() {
  return useQuery({
    queryKey: ['feeds'],
    queryFn: ({ signal }) => unwrap(client.GET('/api/v1/feeds', { signal })),
  })
}

/** Fetches all feeds from their sources; scores may move, so all is read anew. */
export function useUpdateFeeds() {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: () => unwrap(client.POST('/api/v1/feeds/update')),
    onSuccess: () => queries.invalidateQueries(),
  })
}

export function useImportFeed() {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: ({ file, feed }: { file: File; feed?: string }) =>
      unwrap(
        client.POST('/api/v1/feeds', {
          params: { query: { name: file.name, feed } },
          // The body is the file itself; its generated type is the text of a binary format.
          body: file as unknown as string,
          bodySerializer: b => b,
          headers: { 'Content-Type': 'application/octet-stream' },
        }),
      ),
    onSuccess: () => queries.invalidateQueries(),
  })
}

export function useTokens() {
  return useQuery({
    queryKey: ['tokens'],
    queryFn: ({ signal }) => unwrap(client.GET('/api/v1/tokens', { signal })),
  })
}

export function useMakeToken() {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: (request: Schema['TokenRequest']) => unwrap(client.POST('/api/v1/tokens', { body: request })),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['tokens'] }),
  })
}

export function useRevokeToken() {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: (id: string) => unwrap(client.DELETE('/api/v1/tokens/{id}', { params: { path: { id } } })),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['tokens'] }),
  })
}

export function usePolicies() {
  return useQuery({
    queryKey: ['policies'],
    queryFn: ({ signal }) => unwrap(client.GET('/api/v1/policies', { signal })),
  })
}

export function useSavePolicies() {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: (source: string) => unwrap(client.PUT('/api/v1/policies', { body: { source } })),
    onSuccess: saved => {
      queries.setQueryData(['policies'], saved)
      return queries.invalidateQueries({ queryKey: ['verdict'] })
    },
  })
}
