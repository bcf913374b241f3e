import {
  mkdirSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from './keys.ts';

/** Contents of files by their names. */
export type Files = Readonly<Record<string, string>>;

/** A directory as Kubernetes mounts a Secret: each file a link through `..data` into a dated one, swapped as a whole. */
export class MountedFolder {
  readonly path = temporaryFolder();
  #swaps = 0;

  constructor(files: Files) {
    this.swap(files);
  }

  /** In the kubelet's order: new data, `..data` renamed over, then links of new names made and of gone ones removed. */
  swap(files: Files): void {
    this.#swaps += 1;
    const dated = `..2026_11_22_10_00_00.${String(this.#swaps)}`;
    mkdirSync(join(this.path, dated));
    for (const [name, content] of Object.entries(files)) writeFileSync(join(this.path, dated, name), content);
    const data = join(this.path, '..data');
    const before = this.#swaps === 1 ? undefined : readlinkSync(data);
    symlinkSync(dated, join(this.path, '..data_tmp'));
    renameSync(join(this.path, '..data_tmp'), data);
    const visible = readdirSync(this.path).filter((name) => !name.startsWith('..'));
    for (const name of Object.keys(files)) {
      if (!visible.includes(name)) symlinkSync(join('..data', name), join(this.path, name));
    }
    for (const name of visible) if (!(name in files)) unlinkSync(join(this.path, name));
    if (before !== undefined) rmSync(join(this.path, before), { recursive: true });
  }
}
