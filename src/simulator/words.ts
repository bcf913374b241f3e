/** How something stands, for whoever looks: as it should be, wrong, or open. */
export type Tone = 'good' | 'bad' | 'open';

/** How an answer of the record reads to the one who gets it: a believable `S`, an `F`, or nothing to rely on. */
export function toneOfAnswer(answered: string): Tone {
  if (answered === 'S SUCCESS') return 'good';
  return answered.startsWith('F ') ? 'bad' : 'open';
}

/** How the gateway judged a request. */
export function toneOfVerification(verification: string): Tone {
  if (verification === 'verified') return 'good';
  return verification === 'not_read' ? 'open' : 'bad';
}

const SPOILT: Readonly<Record<string, string>> = {
  none: ', unsigned',
  wrong_key: ', signed by a stranger',
  wrong_body: ', signed for another body',
  wrong_client: ', signed for another client',
  redirected: ', where a redirect led',
};

const IN_WORDS: Readonly<Record<string, string>> = {
  no_answer: 'no answer',
  reset_before_read: 'connection reset, unread',
  reset_after_read: 'connection reset',
  not_json: 'no JSON',
  truncated: 'cut off',
  client_left: 'the client left',
  pending: 'not answered yet',
};

/** What was answered, in words; `answered` as in the record. */
export function answerInWords(answered: string): string {
  const [, result, spoilt = ''] = /^([SFU] \S+)(?: (\w+))?$/.exec(answered) ?? [];
  // A refusal that cannot be signed is no fault of its own.
  if (result !== undefined) return `${result}${result.startsWith('F ') ? '' : (SPOILT[spoilt] ?? '')}`;
  return IN_WORDS[answered] ?? answered.replace(/^http /, 'HTTP ').replace(/^redirect /, 'redirect, HTTP ');
}

/** How a request was judged, in words; `verification` as in the record. */
export function verificationInWords(verification: string): string {
  return /^[a-z_]+$/.test(verification) ? verification.replaceAll('_', ' ') : verification;
}

/** A text that anybody may have sent, on one line: control characters and those that turn the direction are `?`. */
export function printable(text: string, longest = Infinity): string {
  const shown = text.replace(/\p{C}/gu, '?');
  return shown.length > longest ? `${shown.slice(0, longest)}…` : shown;
}
