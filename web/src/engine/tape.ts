// A list of operations on one array of numbers, and the loop that carries them out.
//
// An operation is [code, d, a, b, c]: number d becomes what `code` makes of numbers a, b and c. A
// run of the same operation with each place a constant step further than before is stored once, as
// [code + RUN, n, d, step, a, step, b, step, c, step]: a row of a matrix is then one tight loop.
// The order never changes, so a run means exactly what its operations meant one by one.

import { call1, call2 } from "./functions.generated";

export const Op = {
  COPY: 0,
  ADD: 1,
  SUB: 2,
  MUL: 3,
  DIV: 4,
  MULADD: 5,
  NEG: 6,
  INV: 7,
  POW: 8,
  CALL1: 9,
  CALL2: 10,
  GT: 11,
  GE: 12,
  EQ: 13,
  /** a · b where b is a logarithm: 0 · log 0 is 0, its limit. */
  MULLOG: 14,
  MAX: 15,
  /** a, or 0 where it is infinite or undefined. */
  FINITE: 16,
} as const;

const RUN = 32;
const WIDTH = 5;
const RUN_WIDTH = 10;
/** A shorter run is carried out operation by operation. */
const SHORTEST = 4;

/** Operations as they are written down, before runs are found. */
export class Operations {
  private data = new Int32Array(1024);
  private used = 0;

  write(code: number, d: number, a: number, b = 0, c = 0): void {
    if (this.used + WIDTH > this.data.length) {
      const larger = new Int32Array(2 * this.data.length);
      larger.set(this.data);
      this.data = larger;
    }
    const { data, used } = this;
    data[used] = code;
    data[used + 1] = d;
    data[used + 2] = a;
    data[used + 3] = b;
    data[used + 4] = c;
    this.used = used + WIDTH;
  }

  /** The operations with their runs gathered, ready for `run`. */
  gathered(): Int32Array {
    const { data, used } = this;
    const out = new Int32Array(used);
    let end = 0;
    for (let at = 0; at < used; ) {
      const length = this.runFrom(at);
      if (length < SHORTEST) {
        for (let i = 0; i < WIDTH; i++) out[end + i] = data[at + i]!;
        end += WIDTH;
        at += WIDTH;
        continue;
      }
      out[end] = data[at]! + RUN;
      out[end + 1] = length;
      for (let i = 1; i < WIDTH; i++) {
        out[end + 2 * i] = data[at + i]!;
        out[end + 2 * i + 1] = data[at + WIDTH + i]! - data[at + i]!;
      }
      end += RUN_WIDTH;
      at += length * WIDTH;
    }
    return out.slice(0, end);
  }

  /** How many operations from `at` on are a run. */
  private runFrom(at: number): number {
    const { data, used } = this;
    const next = at + WIDTH;
    if (next >= used || data[next] !== data[at] || !this.sameFunction(at, next)) return 1;
    let length = 2;
    for (let to = next + WIDTH; to < used; to += WIDTH, length++) {
      if (data[to] !== data[at]) break;
      let steady = true;
      for (let i = 1; i < WIDTH && steady; i++) {
        steady = data[to + i]! - data[to - WIDTH + i]! === data[next + i]! - data[at + i]!;
      }
      if (!steady) break;
    }
    return length;
  }

  /** Whether two calls are of one function, whose number stands where others have a place. */
  private sameFunction(at: number, next: number): boolean {
    const which = this.data[at] === Op.CALL1 ? 3 : this.data[at] === Op.CALL2 ? 4 : 0;
    return which === 0 || this.data[at + which] === this.data[next + which];
  }
}

/** Carry the operations out on the numbers `m`. */
export function run(code: Int32Array, m: Float64Array): void {
  const end = code.length;
  let at = 0;
  while (at < end) {
    const d = code[at + 1]!;
    const a = code[at + 2]!;
    const b = code[at + 3]!;
    const c = code[at + 4]!;
    switch (code[at]) {
      case Op.COPY:
        m[d] = m[a]!;
        break;
      case Op.ADD:
        m[d] = m[a]! + m[b]!;
        break;
      case Op.SUB:
        m[d] = m[a]! - m[b]!;
        break;
      case Op.MUL:
        m[d] = m[a]! * m[b]!;
        break;
      case Op.DIV:
        m[d] = m[a]! / m[b]!;
        break;
      case Op.MULADD:
        m[d] = m[a]! * m[b]! + m[c]!;
        break;
      case Op.NEG:
        m[d] = 0 - m[a]!;
        break;
      case Op.INV:
        m[d] = 1 / m[a]!;
        break;
      case Op.POW:
        m[d] = Math.pow(m[a]!, m[b]!);
        break;
      case Op.CALL1:
        call1(b, m, d, a);
        break;
      case Op.CALL2:
        call2(c, m, d, a, b);
        break;
      case Op.GT:
        m[d] = m[a]! > m[b]! ? 1 : 0;
        break;
      case Op.GE:
        m[d] = m[a]! >= m[b]! ? 1 : 0;
        break;
      case Op.EQ:
        m[d] = m[a]! === m[b]! ? 1 : 0;
        break;
      case Op.MULLOG:
        m[d] = timesLog(m[a]!, m[b]!);
        break;
      case Op.MAX:
        m[d] = Math.max(m[a]!, m[b]!);
        break;
      case Op.FINITE:
        m[d] = Number.isFinite(m[a]!) ? m[a]! : 0;
        break;
      default:
        runOf(code, at, m);
        at += RUN_WIDTH;
        continue;
    }
    at += WIDTH;
  }
}

function timesLog(factor: number, log: number): number {
  return factor === 0 && log === -Infinity ? 0 : factor * log;
}

/** One run: the wide ones as loops of their own, any other operation by operation. */
function runOf(code: Int32Array, at: number, m: Float64Array): void {
  const n = code[at + 1]!;
  let d = code[at + 2]!;
  const dd = code[at + 3]!;
  let a = code[at + 4]!;
  const da = code[at + 5]!;
  let b = code[at + 6]!;
  const db = code[at + 7]!;
  let c = code[at + 8]!;
  const dc = code[at + 9]!;
  const op = code[at]! - RUN;
  if (op === Op.MULADD && dd === 0 && dc === 0 && c === d) {
    let sum = m[d]!;
    for (let i = 0; i < n; i++, a += da, b += db) sum += m[a]! * m[b]!;
    m[d] = sum;
    return;
  }
  if (op === Op.MULADD) {
    for (let i = 0; i < n; i++, d += dd, a += da, b += db, c += dc) m[d] = m[a]! * m[b]! + m[c]!;
    return;
  }
  if (op === Op.MUL) {
    for (let i = 0; i < n; i++, d += dd, a += da, b += db) m[d] = m[a]! * m[b]!;
    return;
  }
  if (op === Op.CALL1) {
    for (let i = 0; i < n; i++, d += dd, a += da) call1(b, m, d, a);
    return;
  }
  for (let i = 0; i < n; i++, d += dd, a += da, b += db, c += dc) {
    ONE[0] = op;
    ONE[1] = d;
    ONE[2] = a;
    ONE[3] = b;
    ONE[4] = c;
    run(ONE, m);
  }
}

const ONE = new Int32Array(WIDTH);
