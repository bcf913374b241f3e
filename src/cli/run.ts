import { runService } from '../service/run.ts';
import type { CliCommand } from './common/command.ts';

/** `run`: the service; also what the container starts. It reads every section, and drains at a signal by rules of its own. */
export const run: CliCommand = {
  name: 'run',
  summary: 'run the service until it is told to stop',
  help: `
All settings are environment variables; docs/reference.md lists them.

Exit codes: 0 after a clean drain · 1 could not go on, or not drained within SHUTDOWN_TIMEOUT · 2 configuration or
topics are wrong · 130/143 ended by a second signal

Example:
  KAFKA_BROKERS=localhost:9092 SCHEMA_REGISTRY_URL=http://localhost:8081 GATEWAY_URL=https://localhost:8443 \\
  GATEWAY_CLIENT_ID=SANDBOX_DEMO SIGNING_KEYS_DIR=keys GATEWAY_PUBLIC_KEYS_DIR=gateway-keys payment-notifier run`,
  act: (_, { env }) => runService(env),
};
