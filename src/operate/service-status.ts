import { lookup } from 'node:dns/promises';

/** What the members of the service say of their holds. */
export interface ServiceStatus {
  /** How many members answered. */
  readonly answered: number;
  /** Why sending is held, of the first one that says so. */
  readonly hold: string | undefined;
}

/** A member that does not answer within so long is not waited for. */
const PATIENCE_MS = 700;

/** Asks every member that the address names; who does not answer is not counted. */
export async function askService(url: string, signal: AbortSignal): Promise<ServiceStatus> {
  const answers = await Promise.all((await addressesOf(url)).map((address) => ask(address, signal)));
  const members = answers.filter((answer) => answer !== undefined);
  return { answered: members.length, hold: members.find(({ hold }) => hold !== undefined)?.hold };
}

/** Each address that stands behind a name; a certificate is for the name, so with TLS that is asked itself. */
async function addressesOf(url: string): Promise<URL[]> {
  const base = new URL(`${url.replace(/\/+$/, '')}/status`);
  if (base.protocol !== 'http:') return [base];
  const found = await lookup(base.hostname.replace(/^\[|\]$/g, ''), { all: true }).catch(() => []);
  return found.map(({ address, family }) => {
    const member = new URL(base);
    member.hostname = family === 6 ? `[${address}]` : address;
    return member;
  });
}

async function ask(url: URL, signal: AbortSignal): Promise<{ readonly hold: string | undefined } | undefined> {
  try {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(PATIENCE_MS)]);
    const answer = await fetch(url, { headers: { accept: 'application/json' }, signal: limit });
    if (!answer.ok) return undefined;
    const status = (await answer.json()) as { hold?: { reason?: unknown } | null };
    const reason = status.hold?.reason;
    return { hold: status.hold ? (typeof reason === 'string' ? reason : 'for a reason it does not name') : undefined };
  } catch {
    return undefined;
  }
}
