// What the type check must refuse: without an error at each of these lines tsc fails.
import { FieldColorModeId, type Dashboard, type VariableModel } from '@grafana/schema';
import type * as stat from '@grafana/schema/dist/esm/raw/composable/stat/panelcfg/x/StatPanelCfg_types.gen';
import { lines, number } from './panels.js';
import { over } from './queries.js';

const queries = [over('up', 'up')];

export const mistakes: unknown[] = [
  // @ts-expect-error Grafana would show the text "seconds" after each value
  number({ title: 't', description: 'd', width: 4, unit: 'seconds', queries }),
  // @ts-expect-error every panel says what it shows
  lines({ title: 't', width: 4, unit: 's', queries }),
  // @ts-expect-error a variable's type is one of Grafana's
  { name: 'job', type: 'dropdown' } satisfies VariableModel,
  // @ts-expect-error a dashboard has a schemaVersion
  { title: 't' } satisfies Dashboard,
  // @ts-expect-error tags are a list
  { schemaVersion: 41, tags: 'llama4' } satisfies Dashboard,
  // @ts-expect-error a stat panel's options are those of its schema
  { colorMode: 'blink' } satisfies Partial<stat.Options>,
  // @ts-expect-error no such colour mode
  FieldColorModeId.ContinuousRainbow,
];
