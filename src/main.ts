#!/usr/bin/env node
import { Command } from 'commander'
import { loadOptions, OptionError, unknownVariables } from './config/load.ts'
import { envName, flagName, type Options, optionKeys, optionRows } from './config/options.ts'
import { Gateway } from './gateway.ts'
import { createLog } from './ops/log.ts'
import { VERSION } from './ops/version.ts'

/** The command line: `imgate start`, `imgate check`. */

const program = new Command('imgate').description('Edge gateway for instant messaging and push').version(VERSION)

function withOptions(command: Command): Command {
  command.option('--config <file>', 'JSON file of options')
  for (const key of optionKeys) command.option(`${flagName(key)} <value>`, `${optionRows[key].doc} (${envName(key)})`)
  return command
}

function read(flags: Record<string, unknown>): Options {
  try {
    return loadOptions({ file: flags['config'] as string | undefined, env: process.env, flags })
  } catch (error) {
    if (!(error instanceof OptionError)) throw error
    process.stderr.write(`imgate: ${error.message}\n`)
    process.exit(2)
  }
}

withOptions(program.command('start').description('serve until SIGTERM or SIGINT')).action(
  async (flags: Record<string, unknown>) => {
    const options = read(flags)
    const log = createLog(options.logLevel)
    for (const variable of unknownVariables(process.env)) log.warn({ variable }, 'there is no such option')
    const gateway = new Gateway(options, log)
    const stop = async (why: string) => {
      try {
        await gateway.stop(why)
        process.exit(process.exitCode ?? 0)
      } catch (error) {
        log.fatal({ err: error }, 'could not stop')
        process.kill(process.pid, 'SIGKILL')
      }
    }
    process.on('SIGTERM', stop)
    process.on('SIGINT', stop)
    try {
      await gateway.start()
    } catch (error) {
      log.fatal({ err: error }, 'cannot start')
      process.stderr.write(`imgate: ${error instanceof Error ? error.message : String(error)}\n`)
      process.exitCode = 1
      await stop('cannot start')
    }
  },
)

withOptions(program.command('check').description('check the options and print them')).action(
  (flags: Record<string, unknown>) => {
    const { apiKeys, ...options } = read(flags)
    process.stdout.write(`${JSON.stringify({ ...options, apiKeys: apiKeys.map(() => '***') }, null, 2)}\n`)
  },
)

await program.parseAsync()
