import { constants } from 'node:os';
import type { Readable, Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { spawnJava } from './java.ts';
import { KAFKA, LOGGING } from './layout.ts';

const TIME_LIMIT_MS = 60_000;

/** What a command line tool left behind. */
export interface ToolResult {
  readonly stdout: string;
  readonly stderr: string;
  /** The exit code, or 128 + the number of the signal that ended it. */
  readonly code: number;
}

/** How a command line tool is run. */
export interface ToolOptions {
  /** Written to its standard input, which is then closed. */
  readonly input?: string;
  /** After this it is killed and the call throws; 60,000 by default. */
  readonly timeLimitMs?: number;
  /** Instead of the flag that makes it start from the class data archive. */
  readonly classDataFlag?: string;
}

/** Runs one of Kafka's own tools to its end, e.g. `org.apache.kafka.tools.TopicCommand`. A failing tool is a result. */
export async function runKafkaTool(
  className: string,
  args: readonly string[],
  options: ToolOptions = {},
): Promise<ToolResult> {
  const { input = '', timeLimitMs = TIME_LIMIT_MS, classDataFlag } = options;
  const flags = [
    classDataFlag ?? `-XX:SharedArchiveFile=${KAFKA.toolClassData}`,
    `-Dlog4j2.configurationFile=${LOGGING}`,
    '-Dlog.level=WARN',
    '-Xmx256m',
  ];
  const child = await spawnJava([...flags, '-cp', KAFKA.classPath, className, ...args], 'pipe');
  const timer = setTimeout(() => child.kill('SIGKILL'), timeLimitMs);
  try {
    feed(child.stdin as Writable, input);
    const [stdout, stderr, code] = await Promise.all([
      text(child.stdout as Readable),
      text(child.stderr as Readable),
      new Promise<number>((resolve) => child.once('exit', (code, signal) => resolve(exitCode(code, signal)))),
    ]);
    if (child.killed) throw new Error(`${className} did not end in ${timeLimitMs} ms.\n${stdout}${stderr}`);
    return { stdout, stderr, code };
  } finally {
    clearTimeout(timer);
  }
}

/** A tool that ends without reading its input is no error of ours. */
function feed(stdin: Writable, input: string): void {
  stdin.on('error', () => undefined);
  stdin.end(input);
}

function exitCode(code: number | null, signal: NodeJS.Signals | null): number {
  return code ?? 128 + (signal ? constants.signals[signal] : 0);
}
