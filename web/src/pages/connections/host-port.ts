/** `db.internal:5432`, `[fd00::1]:5432`. */
export function hostPort(host: string, port: number): string {
  return `${host.includes(":") ? `[${host}]` : host}:${port}`;
}
