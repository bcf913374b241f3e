#!/usr/bin/env node
import { createRequire } from 'node:module';
import { Command, CommanderError } from 'commander';
import { emitCommand } from './emit.ts';
import { runCommand } from './run.ts';
import { simulateCommand } from './simulate.ts';

const { version } = createRequire(import.meta.url)('../../package.json') as { version: string };

const program = new Command('payment-notifier')
  .description('Tells the Alipay+ network how a payment ended: one signed notification for every payment-final event.')
  .version(version)
  .showHelpAfterError('(--help shows what there is)')
  .addCommand(runCommand())
  .addCommand(simulateCommand())
  .addCommand(emitCommand());

/** Wrong usage ends with 2, whichever command it was. */
function exitOnWrongUsage(command: Command): void {
  command.exitOverride();
  for (const sub of command.commands) exitOnWrongUsage(sub);
}

exitOnWrongUsage(program);
try {
  await program.parseAsync();
} catch (error) {
  if (!(error instanceof CommanderError)) throw error;
  process.exitCode = error.exitCode === 0 ? 0 : 2;
}
