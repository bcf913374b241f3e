import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { freePorts } from '../../deploy/local/ports.ts';
import { startBackground, type Background } from './background.ts';
import { fromDebian } from './debian.ts';

const PACKAGE = 'prometheus-alertmanager';
/** Where Debian's build looks for its templates, and nowhere else. */
const TEMPLATES = '/usr/share/prometheus/alertmanager';

/** Alertmanager's own tool for configurations. */
export const amtool = (): Promise<string> => fromDebian(PACKAGE, '/usr/bin/amtool');

/** An Alertmanager of its own, with this configuration and a fresh memory in `folder`. */
export async function startAlertmanager(configuration: string, folder: string): Promise<Background> {
  const [port = 0] = await freePorts(1);
  const command = [
    ...(await alertmanager()),
    `--config.file=${configuration}`,
    `--storage.path=${folder}`,
    '--cluster.listen-address=',
    `--web.listen-address=127.0.0.1:${String(port)}`,
  ];
  return startBackground(command, `http://127.0.0.1:${String(port)}`, '/-/ready');
}

/** Its command; where it is fetched and not installed, in a mount namespace that shows its templates where it looks. */
async function alertmanager(): Promise<string[]> {
  const program = await fromDebian(PACKAGE, '/usr/bin/prometheus-alertmanager');
  if (existsSync(`${TEMPLATES}/default.tmpl`)) return [program];
  const fetched = dirname(await fromDebian(PACKAGE, `${TEMPLATES}/default.tmpl`));
  const mounts = `mount -t tmpfs none /usr/share && mkdir -p ${TEMPLATES} && mount --bind "$0" ${TEMPLATES}`;
  return ['unshare', '--map-root-user', '--mount', 'sh', '-c', `${mounts} && exec "$@"`, fetched, program];
}
