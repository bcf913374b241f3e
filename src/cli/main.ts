#!/usr/bin/env node
import { createRequire } from 'node:module';
import { commandsFor } from './commands.ts';
import { thisProcess } from './common/host.ts';
import { runProgram } from './common/program.ts';

const { version } = createRequire(import.meta.url)('../../package.json') as { version: string };
const about = {
  name: 'payment-notifier',
  description: 'Tells the Alipay+ network how a payment ended: one signed notification for every payment-final event.',
  version,
};

const host = thisProcess();
const args = process.argv.slice(2);
const code = await runProgram(about, await commandsFor(args[0]), args, host);
await Promise.all([host.out.flush(), host.err.flush()]);
process.exit(code);
