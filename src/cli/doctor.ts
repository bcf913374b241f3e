import { examine } from '../operate/doctor/examine.ts';
import type { Check, Status } from '../operate/doctor/check.ts';
import { BARRIER_MARGIN_MS } from '../settings/between-sections.ts';
import { SECTION_NAMES, type SectionName } from '../settings/table.ts';
import { taskCommand, type Task } from './common/command.ts';
import type { Result, Rows } from './common/result.ts';
import type { Colour, Terminal } from './common/terminal.ts';

type DoctorTask = Task<{ readonly json?: true }, SectionName>;

const COLOURS: Readonly<Record<Status, Colour>> = { ok: 'green', warn: 'yellow', fail: 'red' };

/** `doctor`: whether the service could do its work here, and what to mend where not. */
export const doctor = taskCommand({
  name: 'doctor',
  summary: 'check settings, brokers, topics, rights, registry, keys, certificates, gateway and clock',
  usage: (command) => command.option('--json', 'print {"checks":[{"name","status","finding","remedy"}]}'),
  help: `
Reads the settings that run reads. It joins no group, makes and writes nothing, and sends the gateway one HEAD request,
which is no notification. A finding begins with "cannot reach", "not allowed" or "wrong" where it is one of these.

Exit codes: 0 nothing failed (warnings may stand) · 2 settings are wrong, all problems are listed · 3 a check failed

Examples:
  payment-notifier doctor
  payment-notifier doctor --json | jq '.checks[] | select(.status != "ok")'`,
  sections: SECTION_NAMES,

  run: async ({ settings, signal, out }: DoctorTask): Promise<Result> => {
    const checks = await examine({ ...settings, barrierMarginMs: BARRIER_MARGIN_MS }, Date.now, signal);
    return {
      exit: count(checks, 'fail') > 0 ? 'found' : 'done',
      text: [
        table(checks, out),
        `${count(checks, 'ok')} ok, ${count(checks, 'warn')} warn, ${count(checks, 'fail')} fail`,
      ],
      json: { checks },
    };
  },
});

function table(checks: readonly Check[], out: Terminal): Rows {
  return {
    head: ['', 'check', 'finding'],
    rows: checks.map(({ name, status, finding, remedy }) => [
      out.paint(COLOURS[status], status),
      name,
      remedy === null ? finding : `${finding} → ${remedy}`,
    ]),
  };
}

function count(checks: readonly Check[], status: Status): number {
  return checks.filter((check) => check.status === status).length;
}
