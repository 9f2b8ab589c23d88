import * as nodes from '../handlers/node.ts'
import { ipAddress, listenerType, nodeId, port } from '../params.ts'
import { choice, count, numberedList, text } from '../reply.ts'
import { type Route, route } from '../route.ts'

const nid = nodeId('node')
const ipaddr = ipAddress('address of the node')
const status = choice('whether the node answers', [1, 'up'], [0, 'down'])
const node = { nid, ipaddr, port: port('port of the node') }

/** Listeners and forwarders (7.x). */
export const nodeRoutes: readonly Route[] = [
  route({
    name: 'listend.list',
    doc: '7.1',
    summary: 'Lists the listeners that devices connect to.',
    method: 'GET',
    path: '/im/config',
    alsoPost: true,
    where: { action: 'list', option: 'listend' },
    query: {},
    reply: numberedList('listeners', {
      nid,
      type: listenerType('how clients connect'),
      ipaddr: text('ip:port'),
      status,
      total: count('number of sessions'),
    }),
    errors: [],
    handle: nodes.listListeners,
  }),
  route({
    name: 'listend.add',
    doc: '7.2',
    summary: 'Adds a listener. Adding it again changes nothing.',
    method: 'GET',
    path: '/im/config',
    alsoPost: true,
    where: { action: 'add', option: 'listend' },
    query: {
      ...node,
      type: listenerType('how clients connect; absent: unchanged, or 2 for a new listener').optional(),
    },
    reply: {},
    errors: ['REPLACED'],
    handle: nodes.addListener,
  }),
  route({
    name: 'listend.del',
    doc: '7.3',
    summary: 'Removes a listener.',
    method: 'GET',
    path: '/im/config',
    alsoPost: true,
    where: { action: 'del', option: 'listend' },
    query: node,
    reply: {},
    errors: [],
    handle: nodes.deleteListener,
  }),
  route({
    name: 'frwder.list',
    doc: '7.4',
    summary: 'Lists the nodes of the forwarding layer.',
    method: 'GET',
    path: '/im/config',
    alsoPost: true,
    where: { action: 'list', option: 'frwder' },
    query: {},
    reply: numberedList('forwarders', { ...node, status }),
    errors: [],
    handle: nodes.listForwarders,
  }),
  route({
    name: 'frwder.add',
    doc: '7.5',
    summary: 'Adds a forwarder. Adding it again changes nothing.',
    method: 'GET',
    path: '/im/config',
    alsoPost: true,
    where: { action: 'add', option: 'frwder' },
    query: node,
    reply: {},
    errors: ['REPLACED'],
    handle: nodes.addForwarder,
  }),
  route({
    name: 'frwder.del',
    doc: '7.6',
    summary: 'Removes a forwarder.',
    method: 'GET',
    path: '/im/config',
    alsoPost: true,
    where: { action: 'del', option: 'frwder' },
    query: node,
    reply: {},
    errors: [],
    handle: nodes.deleteForwarder,
  }),
]
