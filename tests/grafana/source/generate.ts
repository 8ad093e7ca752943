// generate.js FOLDER: writes the dashboards there, one file each.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Dashboard } from '@grafana/schema';
import { experts } from './experts.js';
import { faults } from './faults.js';
import { oneHost } from './host.js';
import { json } from './json.js';
import { overview } from './overview.js';
import { pipeline } from './pipeline.js';
import { request } from './request.js';

const boards: Record<string, Dashboard> = { overview, experts, pipeline, faults, host: oneHost, request };
const folder = process.argv[2];
if (folder === undefined || process.argv.length !== 3) {
  console.error('expected one folder to write to: node build/generate.js FOLDER');
  process.exit(2);
}
for (const [name, board] of Object.entries(boards)) {
  writeFileSync(join(folder, `${name}.json`), `${json(board)}\n`);
}
