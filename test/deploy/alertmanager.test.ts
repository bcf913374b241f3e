import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import { amtool, startAlertmanager } from '../support/alertmanager.ts';
import { removeTemporaryFolders, temporaryFolder } from '../support/keys.ts';
import { until } from '../support/until.ts';
import { text, yaml } from './repository.ts';

const FILE = 'deploy/observability/alertmanager.yml';
const CONFIGURATION = fileURLToPath(new URL(`../../${FILE}`, import.meta.url));
const run = promisify(execFile);

const config = async (...args: string[]): Promise<string> => (await run(await amtool(), args)).stdout.trim();

describe('alertmanager.yml', () => {
  it('is a configuration that amtool takes', async () => {
    expect(await config('check-config', CONFIGURATION)).toContain('SUCCESS');
  });

  it.each([
    ['a page', 'severity=page', 'pager'],
    ['a ticket', 'severity=ticket', 'tickets'],
    ['what has no severity of ours', 'severity=none', 'tickets'],
  ])('brings %s where it belongs', async (_, label, receiver) => {
    const route = ['config', 'routes', 'test', `--config.file=${CONFIGURATION}`, 'alertname=Any', label];
    expect(await config(...route)).toBe(receiver);
  });

  it('names only alerts that there are', () => {
    const { groups } = yaml('deploy/observability/rules/payment-notifier.yaml') as {
      groups: { rules: { alert?: string }[] }[];
    };
    const alerts = groups.flatMap(({ rules }) => rules.flatMap(({ alert = [] }) => alert));
    const named = [...text(FILE).matchAll(/PaymentNotifier(?:\(([\w|]+)\)|(\w+))/g)].flatMap(([, several, one]) =>
      (several ?? one ?? '').split('|'),
    );
    expect(named.length).toBeGreaterThan(10);
    expect(named.filter((name) => !alerts.includes(`PaymentNotifier${name}`))).toEqual([]);
  });
});

/** Alerts that fire together, and which of them nobody is told of. An alert is written as `Name` or `Name label=value`. */
const INHIBITIONS: readonly (readonly [situation: string, firing: readonly string[], quiet: readonly string[]])[] = [
  [
    'nobody is there',
    ['Absent', 'Held reason=KEY_NOT_FOUND', 'DeadLetters', 'ErrorBudgetBurnFast'],
    ['Held', 'DeadLetters', 'ErrorBudgetBurnFast'],
  ],
  [
    'the gateway refuses our key',
    [
      'Held reason=KEY_NOT_FOUND',
      'ErrorBudgetBurnFast',
      'ErrorBudgetBurnSlow',
      'OldestUnnotifiedTooOld',
      'RetryOverdue',
      'RetentionRisk',
      'RecordsExpired',
      'DeadLetters',
    ],
    ['ErrorBudgetBurnFast', 'ErrorBudgetBurnSlow', 'OldestUnnotifiedTooOld', 'RetryOverdue'],
  ],
  [
    'the gateway is away',
    ['HeldByOutage reason=outage', 'UnknownRatioHigh', 'ResponseNotTrusted', 'CannotPark'],
    ['UnknownRatioHigh'],
  ],
  [
    "the gateway's key has changed",
    ['HeldByOutage reason=untrusted_response', 'ResponseNotTrusted', 'ErrorBudgetBurnFast'],
    ['ResponseNotTrusted', 'ErrorBudgetBurnFast'],
  ],
  ['the budget burns', ['ErrorBudgetBurnFast', 'ErrorBudgetBurnSlow'], ['ErrorBudgetBurnSlow']],
  ['many dead letters', ['DeadLetterSurge', 'DeadLetters', 'RetriesExhausted'], ['DeadLetters']],
  ['a broker has a bad disk', ['CorruptBatches', 'PartitionStalled', 'OldestUnnotifiedTooOld'], ['PartitionStalled']],
  ['a partition stalls', ['PartitionStalled', 'OldestUnnotifiedTooOld'], []],
];

describe('Alertmanager', () => {
  let url: string;

  beforeAll(async () => {
    const folder = temporaryFolder({});
    const alertmanager = await startAlertmanager(CONFIGURATION, folder);
    url = alertmanager.url;
    return async () => {
      await alertmanager.stop();
      removeTemporaryFolders([folder]);
    };
  });

  it.each(INHIBITIONS)('%s: tells the cause and not what follows from it', async (job, firing, quiet) => {
    const alerts = firing.map((written) => {
      const [name = '', ...labels] = written.split(' ');
      const given = Object.fromEntries(labels.map((label) => label.split('=') as [string, string]));
      return { labels: { alertname: `PaymentNotifier${name}`, job, ...given } };
    });
    const { status } = await fetch(`${url}/api/v2/alerts`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(alerts),
    });
    expect(status).toBe(200);
    await until('the alerts to be known and judged', async () => {
      const seen = await judged(job);
      if (seen.size !== firing.length) return false;
      return quiet.every((name) => seen.get(name) === 'suppressed');
    });
    const told = [...(await judged(job))].filter(([, state]) => state !== 'suppressed').map(([name]) => name);
    const loud = firing.map((written) => written.split(' ')[0]).filter((name) => !quiet.includes(name ?? ''));
    expect(told.sort()).toEqual(loud.sort());
  });

  async function judged(job: string): Promise<ReadonlyMap<string, string>> {
    const filter = encodeURIComponent(`job="${job}"`);
    const alerts = (await (await fetch(`${url}/api/v2/alerts?filter=${filter}`)).json()) as {
      labels: { alertname: string };
      status: { state: string };
    }[];
    return new Map(alerts.map(({ labels, status }) => [labels.alertname.replace('PaymentNotifier', ''), status.state]));
  }
});
