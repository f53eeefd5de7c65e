// Random numbers from a seed, so that a run can be repeated.

/** Whole numbers in random order by the xorshift of Marsaglia (2003) on 32 bits. */
export class Random {
  private state: number;

  constructor(seed: number) {
    // A state of 0 would stay 0, and the first numbers of near seeds are alike.
    this.state = (Math.imul(seed | 0, 0x9e3779b1) ^ 0x6c078965) | 0 || 1;
    for (let n = 0; n < 8; n++) this.next();
  }

  private next(): number {
    let x = this.state;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.state = x;
    return x >>> 0;
  }

  /** A whole number from 0 to `below` - 1. */
  below(below: number): number {
    return Math.floor((this.next() / 2 ** 32) * below);
  }

  /** Put the numbers of an array in random order. */
  shuffle(order: Uint32Array): void {
    for (let last = order.length - 1; last > 0; last--) {
      const at = this.below(last + 1);
      const held = order[last]!;
      order[last] = order[at]!;
      order[at] = held;
    }
  }
}
