/** Settings of a service to which SIGUSR2 does this: `block:<ms>` its event loop, `reject`, `throw`, or `print` a text. */
export function trouble(kind: `block:${number}` | 'reject' | 'throw' | 'print', text = ''): Record<string, string> {
  const preload = new URL('./preload/on-sigusr2.mjs', import.meta.url);
  return { NODE_OPTIONS: `--import=${preload.href}`, TROUBLE: kind, TROUBLE_TEXT: text };
}
