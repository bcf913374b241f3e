import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { Misconfigured } from '../../core/misconfigured.ts';
import type { PlannedLetter, Resolved, Skipped } from './plan.ts';

/** A frozen plan: what runs is what stands in it. */
export interface Plan extends Resolved {
  /** Of the redrive; it goes to the header `notifier-redrive-id`. */
  readonly id: string;
  readonly group: string;
  readonly topic: string;
  readonly madeBy: string;
  /** ISO 8601. */
  readonly madeAt: string;
  readonly filter: object;
}

/**
 * The plan in a file, `undefined` where there is no such file.
 *
 * @throws Misconfigured where it is no plan, or one for other letters than those of this group
 */
export function readPlan(file: string, expected: Pick<Plan, 'group' | 'topic'>): Plan | undefined {
  if (!existsSync(file)) return undefined;
  const plan = parsed(file);
  if (!isPlan(plan))
    throw new Misconfigured([`--plan: ${file} is no plan of redrive; name one, or a file that is not there yet`]);
  const { group, topic } = plan;
  if (group !== expected.group || topic !== expected.topic) {
    throw new Misconfigured([
      `--plan: ${file} is for ${topic} of the group ${group}, these settings are for ${expected.topic} of ${expected.group}`,
    ]);
  }
  return plan;
}

/** Writes a plan that is not there yet, readable. @throws Misconfigured where it cannot be written */
export function writePlan(file: string, plan: Plan): void {
  try {
    writeFileSync(file, `${JSON.stringify(plan, null, 1)}\n`, { flag: 'wx', flush: true });
  } catch (error) {
    throw new Misconfigured([`--plan: ${file} cannot be written (${codeOf(error)}); name another one`]);
  }
}

function parsed(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}

function isPlan(plan: unknown): plan is Plan {
  const { id, group, topic, records, skipped } = (plan ?? {}) as Partial<Plan>;
  return (
    [id, group, topic].every((text) => typeof text === 'string') &&
    Array.isArray(records) &&
    records.every(isPlanned) &&
    Array.isArray(skipped) &&
    skipped.every(isSkipped)
  );
}

const NAME = /^.+:\d{1,9}:\d{1,15}$/;

function isPlanned(letter: Partial<PlannedLetter> | null): boolean {
  const { record, alsoCloses, origin } = letter ?? {};
  const names: readonly unknown[] = Array.isArray(alsoCloses)
    ? [record, origin, ...(alsoCloses as unknown[])]
    : [undefined];
  return names.every((name) => typeof name === 'string' && NAME.test(name));
}

function isSkipped(letter: Partial<Skipped> | null): boolean {
  return typeof letter?.record === 'string' && typeof letter.why === 'string';
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unwritable';
}
