import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { randomOf } from '../support/seed.js'
import { Mutator } from './mutate.js'
import type { Target } from './targets.js'

const CORPUS = join('test', 'fuzz', 'corpus')
/** No input may take more of the thread's CPU, in each of some tries. */
export const INPUT_MS_MAX = 10
const CLOCK_EVERY = 256
/** Refusals are errors in some parsers, and most inputs are refused: their stacks cost more than the parsing. */
Error.stackTraceLimit = 3

export interface Findings {
  readonly target: string
  readonly seed: number
  inputs: number
  crashes: number
  slow: number
  /** The slowest input, in ms of CPU, as far as any was looked at closely. */
  slowestMs: number
  tookMs: number
  /** The first defects, for the reader. */
  readonly texts: string[]
}

const TEXTS_MAX = 5

/** The inputs that are kept: what once broke something, and what random changes would not come upon. */
export function keptCorpus(target: string): { name: string; input: Buffer }[] {
  const folder = join(CORPUS, target)
  if (!existsSync(folder)) return []
  return readdirSync(folder)
    .sort()
    .map(name => ({ name, input: readFileSync(join(folder, name)) }))
}

/** CPU of this thread: that of the process has the collector and the compiler in it, which run beside it. */
function cpuMs(): number {
  return Number(readFileSync('/proc/thread-self/schedstat', 'latin1').split(' ', 1)[0]) / 1e6
}

/** Runs a target on the kept corpus and then on inputs of a seed, until there were enough or the time is over. */
export class Fuzzer {
  readonly #name: string
  readonly #target: Target
  readonly #keeps: boolean
  readonly #tries: number
  readonly #found: Findings

  /**
   * @param keeps whether what breaks it is written into the corpus
   * @param tries how often an input must be slow: the more, the less a busy machine matters
   */
  constructor(name: string, target: Target, seed: number, keeps: boolean, tries: number) {
    this.#name = name
    this.#target = target
    this.#keeps = keeps
    this.#tries = tries
    this.#found = { target: name, seed, inputs: 0, crashes: 0, slow: 0, slowestMs: 0, tookMs: 0, texts: [] }
  }

  run(inputsMax: number, msMax = Number.POSITIVE_INFINITY): Findings {
    const found = this.#found
    const startedAt = performance.now()
    const kept = keptCorpus(this.#name).map(({ input }) => input)
    const seeds = [...this.#target.seeds(), ...kept]
    for (const input of seeds) this.#try(input)
    const mutator = new Mutator(randomOf(found.seed), seeds)
    while (found.inputs < inputsMax) {
      if (found.inputs % CLOCK_EVERY === 0 && performance.now() - startedAt > msMax) break
      this.#try(mutator.next())
    }
    found.tookMs = performance.now() - startedAt
    return found
  }

  #try(input: Buffer): void {
    const found = this.#found
    found.inputs++
    const from = performance.now()
    let ms = 0
    try {
      const verify = this.#target.run(input)
      ms = performance.now() - from
      verify?.()
    } catch (error) {
      found.crashes++
      this.#keep(input, `crash: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`)
      return
    }
    if (ms > INPUT_MS_MAX) this.#measure(input)
  }

  /** A collection of garbage, or another process, may have been what took so long: more tries tell. */
  #measure(input: Buffer): void {
    const tries = Array.from({ length: this.#tries }, () => {
      const from = cpuMs()
      this.#target.run(input)
      return cpuMs() - from
    })
    const ms = Math.min(...tries)
    this.#found.slowestMs = Math.max(this.#found.slowestMs, ms)
    if (ms <= INPUT_MS_MAX) return
    this.#found.slow++
    this.#keep(input, `slow: ${ms.toFixed(1)} ms of CPU for ${input.length} bytes`)
  }

  #keep(input: Buffer, what: string): void {
    const name = `found-${createHash('sha256').update(input).digest('hex').slice(0, 16)}`
    if (this.#found.texts.length < TEXTS_MAX) {
      const hex = input.subarray(0, 200).toString('hex')
      this.#found.texts.push(`${this.#name} ${name} (${input.length} bytes: ${hex}) ${what}`)
      if (this.#keeps) {
        mkdirSync(join(CORPUS, this.#name), { recursive: true })
        writeFileSync(join(CORPUS, this.#name, name), input)
      }
    }
  }
}
