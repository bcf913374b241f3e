import { z } from 'zod';
import { Misconfigured } from '../core/misconfigured.ts';
import { isListed } from './result-page.ts';

/**
 * The fault profile: which request is answered how. The format is shown by `payment-notifier simulate --help`; every
 * object is closed, so that a misspelt name is a problem and not a rule that silently never applies.
 */

/** An object that has these fields and no others; what it may have is said with what it may not. */
function closed<Shape extends z.ZodRawShape>(shape: Shape): z.ZodObject<Shape, z.core.$strict> {
  const known = Object.keys(shape).join(', ');
  return z.strictObject(shape, {
    error: ({ code }) => (code === 'unrecognized_keys' ? `not known here; there is ${known}` : undefined),
  });
}

const delayMs = z.number().min(0).max(3_600_000).optional();
const httpStatus = z.int().min(200).max(599);

const resultAnswer = closed({
  fault: z.undefined().optional(),
  result: z.enum(['S', 'F', 'U']).optional(),
  code: z.string().min(1).max(64).optional(),
  message: z.string().max(1024).optional(),
  sign: z.enum(['good', 'none', 'wrong_key', 'wrong_body', 'wrong_client']).optional(),
  status: httpStatus.optional(),
  delayMs,
}).superRefine(({ result, code }, context) => {
  if (result === undefined && code === undefined) {
    context.addIssue({ code: 'custom', message: 'give "code", "result" or "fault"' });
  } else if (result === undefined && code !== undefined && !isListed(code)) {
    const message = `the interface's page does not list ${code}: give its "result" (S, F or U) as well`;
    context.addIssue({ code: 'custom', path: ['code'], message });
  }
});

const answer = z.discriminatedUnion(
  'fault',
  [
    resultAnswer,
    closed({ fault: z.enum(['no_answer', 'reset_before_read', 'reset_after_read']), delayMs }),
    closed({ fault: z.enum(['not_json', 'truncated']), delayMs }),
    closed({ fault: z.literal('http'), status: httpStatus, body: z.string().optional(), delayMs }),
    closed({
      fault: z.literal('redirect'),
      status: z.literal([302, 307, 308], { error: 'expected 302, 307 or 308' }).optional(),
      location: z.string().min(1).optional(),
      delayMs,
    }),
    closed({ fault: z.literal('oversized'), bytes: z.int().min(1).max(100_000_000).optional(), delayMs }),
    closed({
      fault: z.literal('endless'),
      bytes: z.int().min(1).max(1_000_000).optional(),
      everyMs: z.number().min(1).max(60_000).optional(),
      delayMs,
    }),
  ],
  {
    error: ({ input }) =>
      input === undefined
        ? 'missing: say what is answered, such as { "code": "UNKNOWN_EXCEPTION" } or { "fault": "no_answer" }'
        : 'expected no_answer, reset_before_read, reset_after_read, http, redirect, not_json, oversized, endless or truncated',
  },
);

const count = z.int().min(1);
const range = closed({ from: count.optional(), to: count.optional() }).refine(
  ({ from = 1, to = Infinity }) => from <= to,
  '"from" must not exceed "to"',
);

const conditions = closed({
  paymentId: z
    .union([z.string(), z.array(z.string()).min(1)], { error: 'expected a pattern such as "DEMO-*" or a list of them' })
    .optional(),
  attempt: z
    .union([count, range], { error: 'expected a number from 1, or {"from", "to"} with "from" not above "to"' })
    .optional(),
  share: z.number().min(0).max(1).optional(),
  between: closed({ afterMs: z.number().min(0).optional(), beforeMs: z.number().min(0).optional() })
    .refine(({ afterMs = 0, beforeMs = Infinity }) => afterMs < beforeMs, '"afterMs" must be below "beforeMs"')
    .optional(),
  first: count.optional(),
});

const profileSchema = closed({
  rules: z.array(closed({ when: conditions.optional(), answer })).optional(),
  default: answer.optional(),
  rateCap: z.number().positive().optional(),
  delayMs,
}).superRefine(({ rules = [], default: otherwise }, context) => {
  const message =
    'reset_before_read comes before the payment id is read: neither this rule nor one above it may ask for ' +
    'paymentId, attempt or share; use reset_after_read';
  const firstAsking = rules.findIndex(({ when }) => needsBody(when));
  if (firstAsking < 0) return;
  rules.forEach((rule, index) => {
    if (index >= firstAsking && rule.answer.fault === 'reset_before_read') {
      context.addIssue({ code: 'custom', path: ['rules', index, 'answer', 'fault'], message });
    }
  });
  if (otherwise?.fault === 'reset_before_read') {
    context.addIssue({ code: 'custom', path: ['default', 'fault'], message });
  }
});

/** A fault profile as it is written down; `{}` answers every valid request with a signed `S SUCCESS`. */
export type Profile = z.infer<typeof profileSchema>;

/** What a request is answered with: a result of the interface, or a fault of the way there and back. */
export type Answer = z.infer<typeof answer>;

/** The answers that carry a result of the interface. */
export type ResultAnswer = z.infer<typeof resultAnswer>;

/** The answers that break HTTP itself, or do not come at all. */
export type FaultAnswer = Exclude<Answer, ResultAnswer>;

/** What a rule asks of a request. */
export type Conditions = z.infer<typeof conditions>;

/** One thing wrong with a profile: where it stands, such as `rules[0].answer.code`, and what is expected there. */
export interface ProfileProblem {
  readonly path: string;
  readonly problem: string;
}

/** A profile that cannot be played; carries every problem, not only the first. */
export class ProfileError extends Misconfigured {
  override readonly name = 'ProfileError';
  readonly details: readonly ProfileProblem[];

  constructor(details: readonly ProfileProblem[]) {
    super(details.map(({ path, problem }) => `${path}: ${problem}`));
    this.details = details;
  }
}

/**
 * Checks a profile, whole.
 *
 * @throws {ProfileError} with every problem, each named with its path.
 */
export function parseProfile(value: unknown): Profile {
  const parsed = profileSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new ProfileError(parsed.error.issues.flatMap(problemsOf));
}

/**
 * Checks a profile written as JSON text.
 *
 * @throws {ProfileError} where the text is no JSON, or as {@link parseProfile} does.
 */
export function parseProfileText(text: string): Profile {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    const reason = error instanceof Error ? error.message : 'it cannot be parsed';
    throw new ProfileError([{ path: 'profile', problem: `expected JSON: ${reason}` }]);
  }
  return parseProfile(value);
}

/** Whether a rule can be judged only once the body has been read. */
export function needsBody(when: Conditions | undefined): boolean {
  return when?.paymentId !== undefined || when?.attempt !== undefined || when?.share !== undefined;
}

/** Of fields that are not known each is a problem of its own. */
function problemsOf(issue: z.core.$ZodIssue): ProfileProblem[] {
  const paths = issue.code === 'unrecognized_keys' ? issue.keys.map((key) => [...issue.path, key]) : [issue.path];
  return paths.map((path) => ({ path: pathText(path), problem: issue.message }));
}

function pathText(path: readonly PropertyKey[]): string {
  if (path.length === 0) return 'profile';
  return path
    .map((part, index) => (typeof part === 'number' ? `[${part}]` : `${index === 0 ? '' : '.'}${String(part)}`))
    .join('');
}
