import { type Logger, pino } from 'pino'

export type { Logger }

/**
 * JSON lines on standard output, written at once: a worker's own stream would lose its last lines when it ends
 * (docs/engine.md, 5). @param bindings fields of every line of this thread
 */
export function createLog(level: string, bindings: Record<string, unknown> = {}): Logger {
  return pino(
    { level, base: bindings, timestamp: pino.stdTimeFunctions.isoTime },
    pino.destination({ dest: 1, sync: true }),
  )
}
