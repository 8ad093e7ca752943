// A dashboard around its panels: variables, annotations, links, and where each panel lies.
import { DashboardCursorSync, VariableHide, VariableRefresh, VariableSort } from '@grafana/schema';
import type { AnnotationQuery, Dashboard, DashboardLink, Panel, RowPanel, VariableModel } from '@grafana/schema';
import type { Piece } from './panels.js';
import { of, prometheus, type PrometheusQuery } from './queries.js';

/** Panels under one headline, laid out from left to right. */
export interface Section {
  title: string;
  pieces: Piece<any, any>[];
  /** Closed until it is clicked, and asks nothing until then. */
  isClosed?: boolean;
}

export interface Board {
  uid: string;
  title: string;
  description: string;
  variables: VariableModel[];
  sections: Section[];
  /** How far back it looks when it is opened. */
  from?: string;
}

const columns = 24;

export const datasource: VariableModel = { name: 'datasource', label: 'Metrics', type: 'datasource', query: 'prometheus' };

function query(name: string, label: string, text: string, more: Partial<VariableModel> = {}): VariableModel {
  return {
    name,
    label,
    type: 'query',
    datasource: prometheus,
    query: { query: text, refId: name },
    refresh: VariableRefresh.onTimeRangeChanged,
    sort: VariableSort.naturalAsc,
    ...more,
  };
}

const several: Partial<VariableModel> = { multi: true, includeAll: true, current: { text: ['All'], value: ['$__all'] } };

/** Clusters: all that Prometheus scrapes under one job. */
export const job = query('job', 'Cluster (job)', 'label_values({__name__=~"llama4_plan_epoch|llama4_requests_running"}, job)', several);

export const replica = query('replica', 'Replica', `label_values(${of('llama4_sequences_running')}, replica)`, several);

export const layer = query('layer', 'Layer', `label_values(${of('llama4_expert_rows_total')}, layer)`);

/** Shown by name; its value is the address that is scraped, which every series of the host has as its label. */
export const host = query('host', 'Host', `query_result(${of('llama4_host_info')})`, {
  regex: '/host="(?<text>[^"]+)|instance="(?<value>[^"]+)/g',
});

export const dataSourceOf = (name: string, label: string): VariableModel => ({ name, label, type: 'datasource', query: name });

export const text = (name: string, label: string, value = ''): VariableModel => ({
  name, label, type: 'textbox', query: value, current: { text: value, value }, hide: VariableHide.dontHide,
});

const planChanges: AnnotationQuery<PrometheusQuery> & { titleFormat: string } = {
  name: 'Plan changes',
  datasource: prometheus,
  enable: true,
  iconColor: 'purple',
  target: {
    refId: 'plan',
    expr: `max by (job) (changes(${of('llama4_plan_epoch')}[1m])) > 0`,
    legendFormat: '{{job}}',
    range: true,
  },
  titleFormat: 'New plan in {{job}}',
};

const others: DashboardLink = {
  title: 'Llama4Cluster', type: 'dashboards', tags: ['llama4'], asDropdown: false, icon: 'external link',
  includeVars: true, keepTime: true, targetBlank: false, tooltip: '',
};

const runbook: DashboardLink = {
  title: 'Runbook', type: 'link', url: 'https://github.com/llama4cluster/llama4cluster/blob/main/docs/runbook.md', tags: [], asDropdown: false, icon: 'doc',
  includeVars: false, keepTime: false, targetBlank: true, tooltip: 'What each alert means, and what to do',
};

/** Places the pieces of a section from left to right, in lines as high as their highest piece. */
function place(pieces: Piece<any, any>[], top: number, next: () => number): { panels: Panel[]; bottom: number } {
  let x = 0, y = top, high = 0;
  const panels = pieces.map(({ width, height, ...panel }) => {
    if (x + width > columns) {
      x = 0;
      y += high;
      high = 0;
    }
    const placed = { id: next(), ...panel, gridPos: { x, y, w: width, h: height } };
    x += width;
    high = Math.max(high, height);
    return placed;
  });
  return { panels, bottom: y + high };
}

export function dashboard(board: Board): Dashboard {
  let id = 0, y = 0;
  const panels: (Panel | RowPanel)[] = [];
  for (const section of board.sections) {
    const row: RowPanel = { id: ++id, type: 'row', title: section.title, collapsed: section.isClosed ?? false, gridPos: { x: 0, y, w: columns, h: 1 }, panels: [] };
    const placed = place(section.pieces, y + 1, () => ++id);
    panels.push(row);
    (section.isClosed ? row.panels : panels).push(...placed.panels);
    y = section.isClosed ? y + 1 : placed.bottom;
  }
  return {
    uid: board.uid,
    title: board.title,
    description: board.description,
    tags: ['llama4'],
    schemaVersion: 41,
    editable: true,
    graphTooltip: DashboardCursorSync.Crosshair,
    refresh: '30s',
    time: { from: board.from ?? 'now-1h', to: 'now' },
    links: [others, runbook],
    annotations: { list: [planChanges] },
    templating: { list: [datasource, job, ...board.variables] },
    panels,
  };
}
