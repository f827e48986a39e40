const key = 'stance-place'

/** Keeps where someone wanted to go while they sign in; for this tab only. */
export function rememberPlace(path: string) {
  try {
    sessionStorage.setItem(key, path)
  } catch {
    // Without storage the overview is where they land.
  }
}

/** Where to go after signing in, once. Only addresses of this application count. */
export function takePlace(): string {
  try {
    const path = sessionStorage.getItem(key) ?? '/'
    sessionStorage.removeItem(key)
    return isOwnPath(path) ? path : '/'
  } catch {
    return '/'
  }
}

/** Whether a path stays on this server: "//host" and "/\host" would not. */
export function isOwnPath(path: string): boolean {
  return /^\/(?![/\\])/.test(path) && !path.startsWith('/signin')
}
