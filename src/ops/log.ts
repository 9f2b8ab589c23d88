import { type Logger, pino } from 'pino'

export type { Logger }

/**
 * Logs JSON lines to standard output, synchronously: with its own stream a worker would lose its last lines at exit
 * (docs/engine.md, 5). @param bindings fields for every line of this thread
 */
export function createLog(level: string, bindings: Record<string, unknown> = {}): Logger {
  return pino(
    { level, base: bindings, timestamp: pino.stdTimeFunctions.isoTime },
    pino.destination({ dest: 1, sync: true }),
  )
}
