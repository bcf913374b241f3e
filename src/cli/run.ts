import { Command } from 'commander';
import { runService } from '../service/run.ts';

/** `run`: the service; also what the container starts. */
export function runCommand(): Command {
  return new Command('run')
    .description('run the service until it is told to stop')
    .addHelpText(
      'after',
      `
All settings are environment variables; docs/reference.md lists them.

Exit codes: 0 after a clean drain · 1 could not go on, or not drained within SHUTDOWN_TIMEOUT · 2 configuration or
topics are wrong · 130/143 ended by a second signal

Example:
  KAFKA_BROKERS=localhost:9092 SCHEMA_REGISTRY_URL=http://localhost:8081 GATEWAY_URL=https://localhost:8443 \\
  GATEWAY_CLIENT_ID=SANDBOX_DEMO SIGNING_KEYS_DIR=keys GATEWAY_PUBLIC_KEYS_DIR=gateway-keys payment-notifier run`,
    )
    .action(() => runService(process.env));
}
