import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { Answer } from '../../deploy/observability/dashboards/picture/picture.ts';
import { freePorts } from '../../deploy/local/ports.ts';
import { startBackground } from './background.ts';
import { fromDebian } from './debian.ts';

/** A real Prometheus that looks once a second. */
export interface Prometheus {
  readonly url: string;
  /** Names of the alerts that fire now, without their prefix. */
  readonly firing: () => Promise<string[]>;
  /** The value of an expression that gives at most one, now. */
  readonly value: (expr: string) => Promise<number | undefined>;
  /** An expression over time, from epoch milliseconds until now, a value each second. */
  readonly range: (expr: string, fromMs: number) => Promise<Answer>;
  /** Rules that cannot be evaluated, with what is wrong. */
  readonly brokenRules: () => Promise<string[]>;
  readonly stop: () => Promise<void>;
}

/** Starts one that scrapes `address` as the job that the rules go by. */
export async function startPrometheus(options: {
  readonly address: string;
  /** The text of a file of rules. */
  readonly rules: string;
  readonly folder: string;
}): Promise<Prometheus> {
  const { address, rules, folder } = options;
  const [port = 0] = await freePorts(1);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'rules.yaml'), rules);
  const configuration = {
    global: { scrape_interval: '1s', evaluation_interval: '1s' },
    rule_files: ['rules.yaml'],
    scrape_configs: [
      { job_name: 'payment-notifier', static_configs: [{ targets: [address] }] },
      { job_name: 'prometheus', static_configs: [{ targets: [`127.0.0.1:${String(port)}`] }] },
    ],
  };
  writeFileSync(join(folder, 'prometheus.yml'), stringify(configuration));
  const command = [
    await fromDebian('prometheus', '/usr/bin/prometheus'),
    `--config.file=${join(folder, 'prometheus.yml')}`,
    `--storage.tsdb.path=${join(folder, 'data')}`,
    `--web.listen-address=127.0.0.1:${String(port)}`,
    '--enable-feature=exemplar-storage',
  ];
  const { url, stop } = await startBackground(command, `http://127.0.0.1:${String(port)}`, '/-/ready');

  async function ask<T>(path: string, parameters: Readonly<Record<string, string>> = {}): Promise<T> {
    const response = await fetch(`${url}/api/v1/${path}?${new URLSearchParams(parameters).toString()}`);
    const answer = (await response.json()) as { status: string; error?: string; data: T };
    if (answer.status !== 'success') throw new Error(`${parameters['query'] ?? path}: ${String(answer.error)}`);
    return answer.data;
  }

  return {
    url,
    stop,
    firing: async () => {
      const { alerts } = await ask<{ alerts: { state: string; labels: { alertname: string } }[] }>('alerts');
      const names = alerts.filter(({ state }) => state === 'firing').map(({ labels }) => labels.alertname);
      return [...new Set(names)].map((name) => name.replace('PaymentNotifier', '')).sort();
    },
    value: async (query) => {
      const { result } = await ask<{ result: { value: [number, string] }[] }>('query', { query });
      return result[0] && Number(result[0].value[1]);
    },
    range: async (query, fromMs) => {
      const end = Date.now() / 1_000;
      const times = { start: String(fromMs / 1_000), end: String(end), step: '1' };
      return (await ask<{ result: Answer }>('query_range', { query, ...times })).result;
    },
    brokenRules: async () => {
      const { groups } = await ask<{ groups: { rules: { name: string; health: string; lastError?: string }[] }[] }>(
        'rules',
      );
      const broken = groups.flatMap(({ rules }) => rules).filter(({ health }) => health === 'err');
      return broken.map(({ name, lastError }) => `${name}: ${String(lastError)}`);
    },
  };
}
