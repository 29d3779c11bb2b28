// What comes in: the hosts of the play under way and of its batch, and what becomes of them. What goes out: `ansible_play_hosts_all`, in the order of the
// inventory, with what add_host brings; those of them that are left (`ansible_play_hosts`), and of the batch (`ansible_play_batch`).
export class PlayHosts {
  readonly #magic: Record<string, unknown>;
  readonly #hasFailed: (name: string) => boolean;
  #select: () => readonly string[] = () => [];
  #all: readonly string[] = [];
  #batch: readonly string[] = [];
  #left: readonly string[] = [];

  constructor(magic: Record<string, unknown>, hasFailed: (name: string) => boolean) {
    this.#magic = magic;
    this.#hasFailed = hasFailed;
  }

  /** @param select the names of the play's hosts in the inventory as it is then */
  start(select: () => readonly string[]): void {
    this.#select = select;
    this.#batch = [];
    this.renew();
  }

  batch(names: readonly string[], left: readonly string[]): void {
    this.#batch = names;
    this.#left = left;
    this.renew();
  }

  /** The batch's hosts that have not failed. */
  setLeft(names: readonly string[]): void {
    this.#left = names;
    this.#tell();
  }

  added(name: string): void {
    if (!this.#all.includes(name)) this.#all = [...this.#all, name];
    this.#tell();
  }

  renew(): void {
    this.#all = this.#select();
    this.#tell();
  }

  #tell(): void {
    const isLeft = (name: string) => this.#left.includes(name) || (!this.#batch.includes(name) && !this.#hasFailed(name));
    Object.assign(this.#magic, { ansible_play_hosts_all: this.#all, ansible_play_hosts: this.#all.filter(isLeft), ansible_play_batch: this.#left, play_hosts: this.#left });
  }
}
