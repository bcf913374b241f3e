#!/usr/bin/env node
import { createRequire } from 'node:module';
import { thisProcess } from './common/host.ts';
import { runProgram } from './common/program.ts';
import { discard } from './dead-letters/discard.ts';
import { list } from './dead-letters/list.ts';
import { redrive } from './dead-letters/redrive.ts';
import { show } from './dead-letters/show.ts';
import { doctor } from './doctor.ts';
import { emit } from './emit.ts';
import { inspect } from './inspect.ts';
import { replayPlan } from './replay/plan.ts';
import { replayReset } from './replay/reset.ts';
import { replayRun } from './replay/run.ts';
import { run } from './run.ts';
import { simulate } from './simulate.ts';
import { trace } from './trace.ts';

const { version } = createRequire(import.meta.url)('../../package.json') as { version: string };
const about = {
  name: 'payment-notifier',
  description: 'Tells the Alipay+ network how a payment ended: one signed notification for every payment-final event.',
  version,
};

const host = thisProcess();
const commands = [
  ...[run, doctor, trace, inspect, list, show, redrive, discard],
  ...[replayPlan, replayRun, replayReset, emit, simulate],
];
const code = await runProgram(about, commands, process.argv.slice(2), host);
await Promise.all([host.out.flush(), host.err.flush()]);
process.exit(code);
