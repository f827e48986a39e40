/**
 * The key of a new application, made from its name as the server makes it:
 * lower case letters, digits, dots, underscores and single dashes. Empty when nothing is left.
 */
export function keyOf(name: string): string {
  return name
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[\u0300-\u036f]/g, '')
    .replace(/[^a-z0-9._]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 100)
    .replace(/-+$/, '')
}
