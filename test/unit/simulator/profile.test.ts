import { describe, expect, test } from 'vitest';
import { RESULT_CODES, SYSTEMIC_CODES, TERMINAL_CODES, UNKNOWN_CODES } from '../../../src/core/codes.ts';
import { parseProfile, parseProfileText, type Profile, ProfileError } from '../../../src/simulator/faults.ts';
import { beginPlayback } from '../../../src/simulator/playback.ts';
import { completeResult } from '../../../src/simulator/result-page.ts';

const A = { code: 'PROCESS_FAIL' };
const B = { code: 'UNKNOWN_EXCEPTION' };
const SUCCESS = { code: 'SUCCESS' };

function played(profile: Profile) {
  const clock = { now: 1000 };
  return { clock, ...beginPlayback(parseProfile(profile), () => clock.now) };
}

function problems(value: unknown): readonly string[] {
  try {
    parseProfile(value);
  } catch (error) {
    if (error instanceof ProfileError) return error.problems;
  }
  return [];
}

describe('rules', () => {
  test('the first that matches wins, then the default, then success', () => {
    const rules = [
      { when: { paymentId: 'DEMO-*' }, answer: A },
      { when: { paymentId: '*-1' }, answer: B },
    ];
    expect(played({ rules }).choose('DEMO-1', 1)).toEqual(A);
    expect(played({ rules }).choose('REAL-1', 1)).toEqual(B);
    expect(played({ rules, default: B }).choose('REAL-2', 1)).toEqual(B);
    expect(played({ rules }).choose('REAL-2', 1)).toEqual(SUCCESS);
    expect(played({}).choose('REAL-2', 1)).toEqual(SUCCESS);
  });

  test.each([
    ['DEMO-*', 'DEMO-', true],
    ['DEMO-*', 'XDEMO-1', false],
    ['DEMO-?', 'DEMO-12', false],
    ['a.b', 'axb', false],
    ['(*)', '(1)', true],
    [['X', 'Y*'], 'Y2', true],
    [['X', 'Y*'], 'Z', false],
  ])('the pattern %j on %s: %s', (paymentId, id, matches) => {
    expect(played({ rules: [{ when: { paymentId }, answer: A }] }).choose(id, 1)).toEqual(matches ? A : SUCCESS);
  });

  test.each([
    [2, [SUCCESS, A, SUCCESS, SUCCESS]],
    [{ from: 2 }, [SUCCESS, A, A, A]],
    [{ to: 2 }, [A, A, SUCCESS, SUCCESS]],
    [{ from: 2, to: 3 }, [SUCCESS, A, A, SUCCESS]],
  ])('attempt %j', (attempt, expected) => {
    const { choose } = played({ rules: [{ when: { attempt }, answer: A }] });
    expect([1, 2, 3, 4].map((nth) => choose('P', nth))).toEqual(expected);
  });

  test('a share always takes the same payments, about so many, and each rule draws anew', () => {
    const rules = [
      { when: { share: 0.1 }, answer: A },
      { when: { share: 0.1 }, answer: B },
    ];
    const ids = Array.from({ length: 5000 }, (_, index) => `P-${index}`);
    const answersOf = () => ids.map((id) => played({ rules }).choose(id, 1));
    const answers = answersOf();

    expect(answersOf()).toEqual(answers);
    expect(answers.filter((answer) => answer.fault === undefined && answer.code === A.code).length).toBeCloseTo(
      500,
      -2,
    );
    expect(answers.filter((answer) => answer.fault === undefined && answer.code === B.code).length).toBeCloseTo(
      450,
      -2,
    );
  });

  test('a time between is counted from when the profile was played', () => {
    const { clock, choose } = played({ rules: [{ when: { between: { afterMs: 10, beforeMs: 20 } }, answer: A }] });
    const at = (ms: number) => {
      clock.now = 1000 + ms;
      return choose('P', 1);
    };
    expect([9, 10, 19, 20].map(at)).toEqual([SUCCESS, A, A, SUCCESS]);
  });

  test('a rule with "first" applies so many times, counting only requests it answers', () => {
    const { choose } = played({ rules: [{ when: { paymentId: 'A*', first: 2 }, answer: A }] });
    expect(['A1', 'B', 'A2', 'A3'].map((id) => choose(id, 1))).toEqual([A, SUCCESS, A, SUCCESS]);
  });

  test('the rate cap lets one second’s worth pass and refills with time', () => {
    const { clock, choose } = played({ rateCap: 2 });
    const over = { code: 'REQUEST_TRAFFIC_EXCEED_LIMIT' };
    expect([1, 2, 3].map(() => choose('P', 1))).toEqual([SUCCESS, SUCCESS, over]);
    clock.now += 500;
    expect([1, 2].map(() => choose('P', 1))).toEqual([SUCCESS, over]);
  });

  test('a reset before the body is read is decided before, by rules that ask nothing of the body', () => {
    const cut = { fault: 'reset_before_read' as const };
    const { beforeBody, choose } = played({ rules: [{ when: { first: 1 }, answer: cut }, { answer: A }] });
    expect([beforeBody(), beforeBody()]).toEqual([cut, undefined]);
    expect(choose('P', 1)).toEqual(A);
    expect(played({ rules: [{ when: { first: 1 }, answer: A }], default: cut }).beforeBody()).toBeUndefined();
    expect(played({ default: cut }).beforeBody()).toEqual(cut);
  });
});

describe('results', () => {
  test('every code of the page has its status by code alone', () => {
    const codesOf = (status: string) => RESULT_CODES.filter((code) => completeResult({ code }).resultStatus === status);
    expect(codesOf('S')).toEqual(['SUCCESS']);
    expect(codesOf('F')).toEqual([...SYSTEMIC_CODES, ...TERMINAL_CODES]);
    expect(codesOf('U')).toEqual(UNKNOWN_CODES);
  });

  test('what the profile says is kept', () => {
    const given = { result: 'S', code: 'PROCESS_FAIL', message: '' } as const;
    expect(completeResult(given)).toEqual({ resultStatus: 'S', resultCode: 'PROCESS_FAIL', resultMessage: '' });
  });
});

describe('a wrong profile', () => {
  test('is refused with every problem, each at its path', () => {
    const found = problems({
      rules: [
        { when: { attempts: 1, share: 2, paymentId: 7 }, answer: { code: 'NO_SUCH_CODE' } },
        { answer: { fault: 'explode' } },
        { when: { attempt: { from: 3, to: 2 } }, answer: { fault: 'http' } },
        { when: { between: { afterMs: 2, beforeMs: 1 } }, answer: {} },
        { answer: { fault: 'redirect', status: 301 } },
        { answer: { code: 'SUCCESS', fault: 'no_answer' } },
        {},
      ],
      rateCap: 0,
      extra: true,
    });
    const at = (path: string) => found.filter((problem) => problem.startsWith(`${path}: `));
    expect(at('rules[0].when.attempts')).toEqual([expect.stringContaining('there is paymentId, attempt, share')]);
    expect(at('rules[0].when.share')).toHaveLength(1);
    expect(at('rules[0].when.paymentId')).toEqual([expect.stringContaining('"DEMO-*"')]);
    expect(at('rules[0].answer.code')).toEqual([expect.stringContaining('give its "result"')]);
    expect(at('rules[1].answer.fault')).toEqual([expect.stringContaining('no_answer')]);
    expect(at('rules[2].when.attempt')).toHaveLength(1);
    expect(at('rules[2].answer.status')).toHaveLength(1);
    expect(at('rules[3].when.between')).toHaveLength(1);
    expect(at('rules[3].answer')).toEqual([expect.stringContaining('"fault"')]);
    expect(at('rules[4].answer.status')).toEqual([expect.stringContaining('302')]);
    expect(at('rules[5].answer.code')).toEqual([expect.stringContaining('there is fault, delayMs')]);
    expect(at('rules[6].answer')).toEqual([expect.stringContaining('missing')]);
    expect(at('rateCap')).toHaveLength(1);
    expect(at('extra')).toEqual([expect.stringContaining('there is rules, default, rateCap, delayMs')]);
    expect(found).toHaveLength(14);
  });

  test('cannot choose by payment what happens before the payment is read', () => {
    const answer = { fault: 'reset_before_read' };
    const message = expect.stringContaining('use reset_after_read') as string;
    expect(problems({ rules: [{ when: { paymentId: 'X' }, answer }] })).toEqual([message]);
    expect(problems({ rules: [{ when: { attempt: 1 }, answer: A }, { answer }], default: answer })).toEqual([
      message,
      message,
    ]);
    expect(
      problems({
        rules: [
          { when: { first: 1 }, answer },
          { when: { share: 0.5 }, answer: A },
        ],
      }),
    ).toEqual([]);
  });

  test('is a problem too where it is no JSON', () => {
    expect(() => parseProfileText('{')).toThrow(ProfileError);
  });
});
