import type { ServiceProcess } from '../support/service-process.ts';
import type { World } from '../support/world.ts';
import type { FaultLog } from './fault-log.ts';
import type { Random } from './random.ts';

interface Member {
  readonly name: string;
  readonly process: ServiceProcess;
  /** Nobody has asked it to end, and it is not frozen. */
  free: boolean;
}

/** The members of the group: processes of the built service, each with a log of its own. */
export class Members {
  readonly #world: World;
  readonly #faults: FaultLog;
  readonly #logFolder: string;
  readonly #settings: Readonly<Record<string, string>>;
  readonly #retryDelays: readonly string[];
  #all: Member[] = [];
  #started = 0;
  readonly #ends: Promise<void>[] = [];
  /** Members that ended though nobody had asked them to. */
  readonly endedUnasked: string[] = [];

  /** @param retryDelays what one member and the next take in turn */
  constructor(
    world: World,
    faults: FaultLog,
    logFolder: string,
    settings: Readonly<Record<string, string>>,
    retryDelays: readonly string[],
  ) {
    this.#retryDelays = retryDelays;
    this.#world = world;
    this.#faults = faults;
    this.#logFolder = logFolder;
    this.#settings = settings;
  }

  /** How many are at work. */
  get size(): number {
    return this.#all.filter(({ free }) => free).length;
  }

  async start(): Promise<string> {
    const name = `member-${(this.#started += 1)}`;
    const toFile = ['sh', '-c', `exec "$0" "$@" >>'${this.#logFolder}/${name}.log' 2>&1`];
    const delays = this.#retryDelays[this.#started % this.#retryDelays.length] ?? '';
    const settings = { ...this.#settings, RETRY_DELAYS: delays, KAFKA_CLIENT_ID: name, LOG_LEVEL: 'info' };
    const process = await this.#world.launch(settings, toFile);
    const member: Member = { name, process, free: true };
    this.#all.push(member);
    this.#ends.push(this.#watch(member));
    return name;
  }

  /** Resolves when all that were started have joined. */
  async ready(): Promise<void> {
    await Promise.all(this.#all.map(({ process }) => process.ready()));
  }

  async kill(random: Random): Promise<string | undefined> {
    const member = this.#take(random);
    if (member === undefined) return undefined;
    const close = this.#faults.open('kill', member.name);
    await member.process.end('SIGKILL');
    close();
    return member.name;
  }

  /** Asks one to drain; resolves at once, it takes its time. */
  leave(random: Random, except?: string): string | undefined {
    const member = this.#take(random, except);
    if (member === undefined) return undefined;
    const asked = Date.now();
    this.#ends.push(
      member.process.end('SIGTERM').then((code) => {
        if (code !== 0) this.#faults.note('unclean_end', asked, Date.now(), member.name);
      }),
    );
    return member.name;
  }

  /** Stops one without its knowledge; `thaw` lets it go on. */
  freeze(random: Random): { name: string; thaw: () => void } | undefined {
    const member = this.#take(random);
    if (member === undefined) return undefined;
    const close = this.#faults.open('freeze', member.name);
    member.process.signal('SIGSTOP');
    const thaw = (): void => {
      member.process.signal('SIGCONT');
      close();
      member.free = true;
    };
    return { name: member.name, thaw };
  }

  /** Resolves when all have ended. */
  async end(): Promise<void> {
    for (const member of this.#all) {
      if (!member.free) continue;
      member.free = false;
      member.process.signal('SIGTERM');
    }
    await Promise.all(this.#ends);
  }

  #take(random: Random, except?: string): Member | undefined {
    const [first, ...others] = this.#all.filter(({ free, name }) => free && name !== except);
    if (first === undefined) return undefined;
    const member = random.pick([first, ...others]);
    member.free = false;
    return member;
  }

  async #watch(member: Member): Promise<void> {
    const code = await member.process.exit();
    this.#all = this.#all.filter((other) => other !== member);
    if (!member.free) return;
    member.free = false;
    this.#faults.note('unclean_end', Date.now(), Date.now(), member.name);
    this.endedUnasked.push(`${member.name} ended with ${code}`);
  }
}
