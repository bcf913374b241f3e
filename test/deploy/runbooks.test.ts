import { execFileSync } from 'node:child_process';
import { createPrivateKey } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { describe, expect, it, test } from 'vitest';
import { stringify } from 'yaml';
import type { CliCommand } from '../../src/cli/common/command.ts';
import { doctor } from '../../src/cli/doctor.ts';
import { discard } from '../../src/cli/dead-letters/discard.ts';
import { list } from '../../src/cli/dead-letters/list.ts';
import { redrive } from '../../src/cli/dead-letters/redrive.ts';
import { show } from '../../src/cli/dead-letters/show.ts';
import { emit } from '../../src/cli/emit.ts';
import { inspect } from '../../src/cli/inspect.ts';
import { replayPlan } from '../../src/cli/replay/plan.ts';
import { replayReset } from '../../src/cli/replay/reset.ts';
import { replayRun } from '../../src/cli/replay/run.ts';
import { trace } from '../../src/cli/trace.ts';
import { SYSTEMIC_CODES } from '../../src/core/codes.ts';
import { LOG_EVENTS } from '../../src/ops/log-table.ts';
import { WAIT_REASONS } from '../../src/pipeline/waits.ts';
import { SETTINGS } from '../../src/settings/table.ts';
import { DASHBOARDS } from '../../deploy/observability/dashboards/all.ts';
import { temporaryFolder } from '../support/keys.ts';
import { exposedNames, metricNames } from '../support/promql.ts';
import { promtool } from '../support/promtool.ts';
import { fenced, headings, runbook, runbooks, type Runbook } from '../support/runbooks.ts';
import { text, yaml } from './repository.ts';

const { groups } = yaml('deploy/observability/rules/payment-notifier.yaml') as {
  groups: { rules: { alert?: string; labels?: { severity: string } }[] }[];
};
const alerts = groups.flatMap(({ rules }) => rules).filter(({ alert }) => alert !== undefined);
const all = runbooks();
const ofAlerts = all.filter(({ name }) => name.startsWith('PaymentNotifier'));
const pages = all.map((page) => [page.name, page] as const);

const COMMANDS: readonly CliCommand[] = [
  ...[doctor, emit, inspect, trace, list, show, redrive, discard],
  ...[replayPlan, replayReset, replayRun],
];
/** What operators have at hand beside `payment-notifier` itself. */
const PROGRAMS = ['kubectl', 'openssl', 'curl', 'grep', 'cut', 'sort', 'uniq', 'head', 'export'];
const KAFKA_TOOLS = ['consumer-groups', 'topics', 'configs'].map((tool) => `kafka-${tool}.sh`);
/** What makes things worse, however it is written. */
const NEVER = [
  /--delete(-offsets)?\b/,
  /--to-latest/,
  /rollout restart/,
  /delete (pod|deployment|secret|topic)/,
  /min\.insync\.replicas=1/,
  /--unclean/,
];

/** Every command line of a page: those in blocks, and those within sentences. */
function commandLines(page: Runbook): string[] {
  const inline = [...page.text.replace(/^```.*?^```$/gms, '').matchAll(/`([^`]+)`/g)].map(([, code = '']) => code);
  return [
    ...fenced(page, 'sh'),
    ...inline.filter((code) => /^(payment-notifier|kubectl|openssl|kafka-\S+\.sh) /.test(code)),
  ];
}

describe('the pages', () => {
  it('are one for each alert, and each alert has one', () => {
    expect(ofAlerts.map(({ name }) => name).sort()).toEqual(alerts.map(({ alert }) => alert).sort());
  });

  it('are all in the list', () => {
    const listed = [...runbook('README').text.matchAll(/\]\((\w[\w-]*)\.md\)/g)].map(([, name]) => name);
    expect([...new Set(listed)].sort()).toEqual(
      all
        .map(({ name }) => name)
        .filter((name) => name !== 'README')
        .sort(),
    );
  });

  it.each(pages)('%s: links lead somewhere', (_, page) => {
    for (const [, target = ''] of page.text.matchAll(/\]\(([^)#:]+)\)/g)) {
      expect(existsSync(new URL(`../../deploy/runbooks/${target}`, import.meta.url)), target).toBe(true);
    }
  });
});

describe.each(ofAlerts.map((page) => [page.name, page] as const))('%s', (name, page) => {
  it('says what an operator asks, in the order of asking', () => {
    expect(page.text).toMatch(new RegExp(`^# ${name}\n`));
    expect(headings(page)).toEqual(['Meaning', 'Impact', 'Diagnosis', 'Mitigation', 'Escalate', 'After']);
    const { severity } = alerts.find(({ alert }) => alert === name)?.labels ?? {};
    expect(page.text).toContain(`\nSeverity: ${String(severity)}\n`);
  });

  it('speaks of payments', () => {
    expect(page.text.split('## Impact')[1]?.split('## Diagnosis')[0]).toMatch(/payment|partner/i);
  });

  it('names a row that the dashboard has, three queries and two commands', () => {
    const [, title, row] = /Dashboard: \*\*(.+)\*\*, row \*\*(.+)\*\*/.exec(page.text) ?? [];
    const board = Object.values(DASHBOARDS).find((model) => model['title'] === title);
    const rows = (board?.['panels'] as { type: string; title: string }[]).filter(({ type }) => type === 'row');
    expect(rows.map(({ title }) => title)).toContain(row);
    expect(fenced(page, 'promql').length).toBeGreaterThanOrEqual(3);
    expect(fenced(page, 'sh')).toHaveLength(2);
  });
});

describe('queries', () => {
  it('are what Prometheus understands', async () => {
    const queries = all.flatMap((page) => fenced(page, 'promql').map((expr) => ({ record: 'query', expr })));
    const file = join(temporaryFolder(), 'queries.yaml');
    writeFileSync(file, stringify({ groups: [{ name: 'queries', rules: queries }] }));
    const { said } = await promtool(['check', 'rules', '--lint=none', file]);
    expect(said).toContain(`${String(queries.length)} rules found`);
  });

  it.each(pages)('%s: ask only for metrics that there are', (_, page) => {
    const known = exposedNames();
    const named = [...page.text.matchAll(/\b(?:notifier[:_]|nodejs_|process_)[\w:]+/g)].map(([name]) => name);
    const asked = [...named, ...fenced(page, 'promql').flatMap(metricNames)];
    expect(asked.filter((name) => !known.has(name))).toEqual([]);
  });
});

describe.each(pages)('commands of %s', (_, page) => {
  it('are of programs that operators have', () => {
    const programs = fenced(page, 'sh').flatMap((line) =>
      line
        .replace(/'[^']*'|"[^"]*"/g, '')
        .split('|')
        .map((command) => command.trim().split(' ')[0]),
    );
    const known = ['payment-notifier', ...PROGRAMS, ...KAFKA_TOOLS];
    expect(programs.filter((program) => !known.includes(program ?? ''))).toEqual([]);
  });

  it('are commands of ours with options that they have', () => {
    const options = (command: CliCommand) => command.usage?.(new Command()).options.map(({ long }) => long ?? '') ?? [];
    const known = new Map(COMMANDS.map((command) => [command.name, options(command)]));
    for (const line of commandLines(page).filter((line) => /^payment-notifier [a-z]/.test(line))) {
      const words = line
        .replace(/"[^"]*"/g, '')
        .split(' ')
        .slice(1);
      const name = [...known.keys()].find((command) => words.join(' ').startsWith(command));
      expect(name, line).toBeDefined();
      const options = words.filter((word) => word.startsWith('--'));
      expect(
        options.filter((option) => !known.get(name ?? '')?.includes(option)),
        line,
      ).toEqual([]);
    }
  });

  it('never make it worse', () => {
    for (const never of NEVER) expect(page.text).not.toMatch(never);
  });

  it('look for events that the log has, and name Secrets that the pods mount', () => {
    const events = [...page.text.matchAll(/"event":"(\w+)"/g)].map(([, event = '']) => event);
    expect(events.filter((event) => !(event in LOG_EVENTS))).toEqual([]);
    const deployment = text('deploy/kubernetes/base/deployment.yaml');
    const secrets = [...page.text.matchAll(/(?:get|create) secret (?:generic )?(\S+)/g)].map(([, name = '']) => name);
    expect(secrets.filter((name) => !deployment.includes(`secretName: ${name},`))).toEqual([]);
  });

  it('name settings that there are', () => {
    const named = [
      ...page.text.matchAll(/\b(?:KAFKA|SCHEMA|GATEWAY|RETRY|OUTAGE|HOLD|TERMINAL|OUTCOMES|REPLAY)_[A-Z_]+\b/g),
    ];
    expect(named.map(([name]) => name).filter((name) => !(name in SETTINGS))).toEqual([]);
  });
});

it('PaymentNotifierHeld says for each code of the gateway what to do', () => {
  const { text } = runbook('PaymentNotifierHeld');
  expect(SYSTEMIC_CODES.filter((code) => !text.includes(`| \`${code}\` |`))).toEqual([]);
});

it('PaymentNotifierPartitionsWaiting says for each reason what to do', () => {
  const { text } = runbook('PaymentNotifierPartitionsWaiting');
  expect(WAIT_REASONS.filter((reason) => !text.includes(`| \`${reason}\` |`))).toEqual([]);
});

test('the commands of key-rotation make a key, check it and show its public half', () => {
  const folder = temporaryFolder();
  const page = runbook('key-rotation');
  const lines = fenced(page, 'sh', 'Our key').filter((line) => line.startsWith('openssl '));
  const said = lines.map((line) => execFileSync('sh', ['-c', line], { cwd: folder, encoding: 'utf8', stdio: 'pipe' }));
  expect(createPrivateKey(readFileSync(join(folder, '2.pem'))).asymmetricKeyDetails?.modulusLength).toBe(2_048);
  expect(said.at(-1)).toMatch(/^-----BEGIN PUBLIC KEY-----/);
  writeFileSync(join(folder, 'next.pem'), said.at(-1) ?? '');
  const [check = ''] = fenced(page, 'sh', "The gateway's key");
  expect(execFileSync('sh', ['-c', check], { cwd: folder, encoding: 'utf8', stdio: 'pipe' })).not.toContain('error');
});
