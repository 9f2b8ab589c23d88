// The peer nchan: nginx with one worker process. A WebSocket on /room/ID receives and publishes, POST /room/ID publishes.
import { access, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import process from 'node:process'
import { setTimeout as pause } from 'node:timers/promises'
import { startProgram } from '../run/program.mjs'

const MODULE = '/usr/lib/nginx/modules/ngx_nchan_module.so'

// `newest`: a new member gets no old messages, as with the other servers. Messages are kept for a moment only, so that
// memory stays bounded; a member is sent every message at once, whatever is kept.
const config = ({ port, directory }) => `
load_module ${MODULE};
${process.getuid() === 0 ? 'user root;' : ''}
daemon off;
worker_processes 1;
worker_rlimit_nofile 20000;
pid ${directory}/nginx.pid;
error_log stderr error;
events { worker_connections 19000; }
http {
  access_log off;
  client_body_temp_path ${directory}/body;
  proxy_temp_path ${directory}/proxy;
  fastcgi_temp_path ${directory}/fastcgi;
  uwsgi_temp_path ${directory}/uwsgi;
  scgi_temp_path ${directory}/scgi;
  keepalive_requests 1000000000;
  nchan_shared_memory_size 256M;
  server {
    listen 127.0.0.1:${port} backlog=4096;
    location ~ ^/room/(\\w+)$ {
      nchan_channel_id $1;
      nchan_pubsub websocket http;
      nchan_subscriber_first_message newest;
      nchan_message_buffer_length 100000;
      nchan_message_timeout 5s;
    }
  }
}
`

/** The worker does the work, so its CPU time counts; the master only starts and stops it. */
async function workerOf(pid) {
  for (let tries = 0; tries < 100; tries++) {
    const children = (await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8')).trim().split(' ')
    for (const child of children.filter(Boolean)) {
      if ((await readFile(`/proc/${child}/cmdline`, 'utf8')).startsWith('nginx: worker')) return Number(child)
    }
    await pause(50)
  }
  throw new Error('nginx has no worker process')
}

export const nchan = {
  program: 'nginx',
  packages: ['nginx', 'libnginx-mod-nchan'],
  versionArgs: ['-v'],
  isComplete: () =>
    access(MODULE).then(
      () => true,
      () => false,
    ),
  start: ({ program, cpus }) =>
    startProgram({
      name: 'nchan',
      program,
      cpus,
      args: async ({ port, directory }) => {
        const file = join(directory, 'nginx.conf')
        await writeFile(file, config({ port, directory }))
        return ['-p', directory, '-c', file, '-e', 'stderr']
      },
      measured: workerOf,
    }),
}
