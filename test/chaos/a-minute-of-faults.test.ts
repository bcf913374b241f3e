import { expect, inject, onTestFinished, test } from 'vitest';
import { startCluster } from '../../deploy/local/cluster.ts';
import { runChaos, type Paces } from './chaos.ts';
import { violationLines } from './tell.ts';

/** Each kind of fault comes within the minute; the long run is `npm run test:chaos`. */
const PACES: Paces = {
  members: { weights: { kill: 2, freeze: 1, roll: 2, join: 1 }, pauseMs: [1_000, 2_500] },
  surroundings: {
    weights: { broker_kill: 1, registry_down: 1, gateway_down: 1, systemic: 1, rate_cap: 1 },
    pauseMs: [1_000, 2_000],
  },
};

test('under faults of every kind nothing is lost, doubled, early, changed, out of order or repeated unexplained', async () => {
  const seed = Number(process.env['CHAOS_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
  const command = `CHAOS_SEED=${seed} npm test -- test/chaos`;
  console.log(`chaos: to repeat this run: ${command}`);
  const cluster = await startCluster({ registry: false });
  onTestFinished(() => cluster.stop());
  const said: string[] = [];

  const { figures, judgement } = await runChaos(
    { seed, minutes: 0.5, brokers: 1, ordering: seed % 2 === 0 ? 'partition' : 'key', rate: 100 },
    PACES,
    {
      bootstrapServers: cluster.bootstrapServers,
      registryUrl: inject('registryUrl'),
      brokers: cluster.brokers,
      command,
      onEnd: onTestFinished,
      tell: (what) => said.push(`${new Date().toISOString()} ${what}`),
      onProgress: () => undefined,
    },
  );

  expect(violationLines(judgement), `${command}\n${said.join('\n')}`).toEqual([]);
  expect(figures.delivered).toBeGreaterThan(100);
  expect(figures.faults.kill + figures.faults.freeze).toBeGreaterThan(0);
  expect(figures.rebalances).toBeGreaterThan(1);
}, 300_000);
