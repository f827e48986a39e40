import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { client, type Schema, unwrap } from './client'

export function useOverview() {
  return useQuery({
    queryKey: ['overview'],
    queryFn: ({ signal }) => unwrap(client.GET('/api/v1/overview', { signal })),
  })
}

export function useApplications() {
  return useQuery({
    queryKey: ['applications', 'list'],
    queryFn: ({ signal }) => unwrap(client.GET('/api/v1/applications', { signal })),
  })
}

export function useApplication(key: string) {
  return useQuery({
    queryKey: ['applications', 'one', key],
    queryFn: ({ signal }) =>
      unwrap(client.GET('/api/v1/applications/{key}', { params: { path: { key } }, signal })),
  })
}

/** Makes or changes an application. Scores follow its context, so findings are read anew too. */
export function useSaveApplication() {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: ({ key, edit }: { key: string; edit: Schema['ApplicationEdit'] }) =>
      unwrap(client.PUT('/api/v1/applications/{key}', { params: { path: { key } }, body: edit })),
    onSuccess: () => queries.invalidateQueries(),
  })
}

/** Lists an asset before its first scan. */
export function useAddAsset() {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: ({ application, ...asset }: { application: string } & Schema['Add-assetRequest']) =>
      unwrap(
        client.POST('/api/v1/applications/{key}/assets', {
          params: { path: { key: application } },
          body: asset,
        }),
      ),
    onSuccess: () => queries.invalidateQueries(),
  })
}

export function useDefaultRef() {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: ({ asset, ref }: { asset: string; ref: string }) =>
      unwrap(
        client.PUT('/api/v1/assets/{id}/default-ref', { params: { path: { id: asset } }, body: { ref } }),
      ),
    onSuccess: () => queries.invalidateQueries(),
  })
}

/** The verdict of one gate, asked for when shown. */
export function useVerdict(application: string, stage: Schema['GateRequest']['stage']) {
  return useQuery({
    queryKey: ['verdict', application, stage],
    queryFn: ({ signal }) => unwrap(client.POST('/api/v1/gate', { body: { application, stage }, signal })),
  })
}
