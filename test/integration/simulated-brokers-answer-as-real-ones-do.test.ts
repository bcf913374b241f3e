import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import type { Cluster } from '../../deploy/local/cluster.ts';
import { INITIAL_DELAY_MS } from '../simulation/conformance/common-settings.ts';
import { startThreeBrokers } from '../simulation/conformance/real-cluster.ts';
import { realBrokers } from '../simulation/conformance/real.ts';
import { RECORD_SCRIPTS } from '../simulation/conformance/scripts/records.ts';
import { CLIENT_SCRIPTS } from '../simulation/conformance/scripts/clients.ts';
import { FETCH_SESSION_SCRIPTS } from '../simulation/conformance/scripts/fetch-sessions.ts';
import { GROUP_SCRIPTS } from '../simulation/conformance/scripts/groups.ts';
import { FIRST_WAIT_SCRIPTS, MOVE_SCRIPTS } from '../simulation/conformance/scripts/moves.ts';
import { OFFSET_SCRIPTS } from '../simulation/conformance/scripts/offsets.ts';
import { RIGHTS_SCRIPTS } from '../simulation/conformance/scripts/rights.ts';
import { TOPIC_SCRIPTS } from '../simulation/conformance/scripts/topics.ts';
import { TRANSACTION_SCRIPTS } from '../simulation/conformance/scripts/transactions.ts';
import { simulatedBrokers } from '../simulation/conformance/simulated.ts';
import { Stage, type Brokers, type Script } from '../simulation/conformance/stage.ts';

const ONE_BROKER: Readonly<Record<string, Script>> = {
  ...CLIENT_SCRIPTS,
  ...RECORD_SCRIPTS,
  ...FETCH_SESSION_SCRIPTS,
  ...TOPIC_SCRIPTS,
  ...GROUP_SCRIPTS,
  ...OFFSET_SCRIPTS,
  ...TRANSACTION_SCRIPTS,
};

const THREE_BROKERS = { ...MOVE_SCRIPTS, ...FIRST_WAIT_SCRIPTS, ...RIGHTS_SCRIPTS };

/** What these brokers answer to a script. */
async function played(script: Script, brokers: Brokers): Promise<unknown> {
  const stage = new Stage(brokers, `conform-${randomUUID().slice(0, 8)}`);
  try {
    await script(stage);
    return stage.transcript.entries;
  } finally {
    stage.close();
  }
}

describe('one broker', () => {
  // Each has topics, groups and connections of its own, and mostly waits.
  test.concurrent.for(Object.entries(ONE_BROKER))('%s', async ([, script]) => {
    const real = await played(script, realBrokers(inject('bootstrapServers')));
    expect(await played(script, simulatedBrokers(1, 0))).toEqual(real);
  });
});

describe('three brokers', () => {
  let cluster: Cluster;
  beforeAll(async () => {
    cluster = await startThreeBrokers();
  });
  afterAll(() => cluster.stop());

  test.for(Object.entries(THREE_BROKERS))('%s', async ([, script]) => {
    const guarded = cluster.brokers.map(({ listeners }) => listeners['SASL'] ?? '').join(',');
    const real = await played(script, realBrokers(cluster.bootstrapServers, guarded));
    expect(await played(script, simulatedBrokers(3, INITIAL_DELAY_MS))).toEqual(real);
  });
});
