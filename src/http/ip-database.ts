import { isIP } from 'node:net'
import { open, type Response } from 'maxmind'

/** The place of an IP address, as far as the database knows it. */
export interface Place {
  readonly nation: string | undefined
  readonly operator: string | undefined
}

const NOWHERE: Place = { nation: undefined, operator: undefined }

/** Fields of the common databases of countries, cities, operators and networks. */
interface Entry {
  readonly country?: { readonly iso_code?: string }
  readonly isp?: string
  readonly autonomous_system_organization?: string
  readonly traits?: { readonly isp?: string }
}

export type PlaceOf = (ip: string) => Place

/** Opens an MMDB file. @param path empty: no address has a place @throws Error if the file cannot be read as MMDB */
export async function openIpDatabase(path: string): Promise<PlaceOf> {
  if (path === '') return () => NOWHERE
  const reader = await open<Entry & Response>(path)
  return ip => {
    const entry: Entry | null = isIP(ip) === 0 ? null : reader.get(ip)
    if (entry === null) return NOWHERE
    return {
      nation: entry.country?.iso_code,
      operator: entry.isp ?? entry.traits?.isp ?? entry.autonomous_system_organization,
    }
  }
}

/** How near a listener is to a client: 2 for the same nation and operator, 1 for the same nation, else 0. */
export function nearness(client: Place, listener: Place): number {
  if (client.nation === undefined || client.nation !== listener.nation) return 0
  return client.operator !== undefined && client.operator === listener.operator ? 2 : 1
}
