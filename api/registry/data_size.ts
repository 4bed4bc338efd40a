/** Sum over all values. Source: Kubernetes core/v1, MaxSecretSize. */
export const DATA_BYTES_MAX = 1024 * 1024;

const UTF8 = new TextEncoder();

/** Bytes of `text` in UTF-8. */
export function textBytes(text: string): number {
  return UTF8.encode(text).length;
}

/** Bytes that a base64 text without line breaks stands for. */
export function base64Bytes(base64: string): number {
  const padding = base64.endsWith("==") ? 2 : base64.endsWith("=") ? 1 : 0;
  return base64.length / 4 * 3 - padding;
}

type Data = Readonly<Record<string, string>>;

export function isSameData(a: Data = {}, b: Data = {}): boolean {
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => a[key] === b[key]);
}
