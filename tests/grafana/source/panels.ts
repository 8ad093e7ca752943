// Kinds of panels, as these dashboards use them; what Grafana defaults to is left out.
import {
  BarGaugeDisplayMode, BarGaugeNamePlacement, BarGaugeSizing, BarGaugeValueMode, BigValueColorMode, BigValueGraphMode, BigValueJustifyMode, BigValueTextMode,
  FieldColorModeId, GraphThresholdsStyleMode, LegendDisplayMode, LineInterpolation, PercentChangeColorMode, ScaleDistribution, SortOrder, StackingMode,
  TableCellBackgroundDisplayMode, TableCellDisplayMode, TooltipDisplayMode, VisibilityMode, VizOrientation, ThresholdsMode,
} from '@grafana/schema';
import type { DataTransformerConfig, FieldConfig, FieldConfigSource, Panel, ReduceDataOptions, ThresholdsConfig } from '@grafana/schema';
import type * as barGauge from '@grafana/schema/dist/esm/raw/composable/bargauge/panelcfg/x/BarGaugePanelCfg_types.gen';
import type * as heatMap from '@grafana/schema/dist/esm/raw/composable/heatmap/panelcfg/x/HeatmapPanelCfg_types.gen';
import type * as stat from '@grafana/schema/dist/esm/raw/composable/stat/panelcfg/x/StatPanelCfg_types.gen';
import type * as history from '@grafana/schema/dist/esm/raw/composable/statushistory/panelcfg/x/StatusHistoryPanelCfg_types.gen';
import type * as table from '@grafana/schema/dist/esm/raw/composable/table/panelcfg/x/TablePanelCfg_types.gen';
import type * as timeSeries from '@grafana/schema/dist/esm/raw/composable/timeseries/panelcfg/x/TimeSeriesPanelCfg_types.gen';
import { prometheus, type PrometheusQuery } from './queries.js';

/** Units of Grafana that are in use here. A name Grafana does not know is shown as text, so the list is closed. */
export type Unit = 'short' | 'none' | 's' | 'bytes' | 'Bps' | 'reqps' | 'ops' | 'percentunit' | 'string';

/** A panel without its place; width and height are in cells of Grafana's grid, which has 24 columns. */
export interface Piece<Options = Record<string, unknown>, Custom = Record<string, unknown>> extends Panel<Options & Record<string, unknown>, Custom> {
  width: number;
  height: number;
}

export interface Common {
  title: string;
  /** What it shows, and what to make of it. */
  description: string;
  width: number;
  height?: number;
  unit: Unit;
  queries: PrometheusQuery[];
  /** Value from which the colour is yellow, and red. */
  thresholds?: [number, number];
  min?: number;
  max?: number;
  decimals?: number;
  transformations?: DataTransformerConfig[];
  /** Of a table: what differs in single columns. */
  columns?: Column[];
}

type Column = FieldConfigSource['overrides'][number];

export function column(name: string, properties: Record<string, unknown>): Column {
  return { matcher: { id: 'byName', options: name }, properties: Object.entries(properties).map(([id, value]) => ({ id, value })) };
}

function steps([yellow, red]: [number, number]): ThresholdsConfig {
  return {
    mode: ThresholdsMode.Absolute,
    steps: [{ color: 'green', value: null }, { color: 'yellow', value: yellow }, { color: 'red', value: red }],
  };
}

function fields<Custom>(common: Common, more: FieldConfig<Custom> = {}): FieldConfig<Custom> {
  return {
    unit: common.unit,
    ...(common.min === undefined ? {} : { min: common.min }),
    ...(common.max === undefined ? {} : { max: common.max }),
    ...(common.decimals === undefined ? {} : { decimals: common.decimals }),
    ...(common.thresholds ? { thresholds: steps(common.thresholds) } : {}),
    ...more,
  };
}

function piece<Options, Custom>(type: string, common: Common, options: Options, defaults: FieldConfig<Custom>): Piece<Options, Custom> {
  return {
    type,
    title: common.title,
    description: common.description,
    datasource: prometheus,
    width: common.width,
    height: common.height ?? 8,
    targets: common.queries.map((query, i) => ({ ...query, refId: String.fromCharCode(65 + i) })),
    ...(common.transformations ? { transformations: common.transformations } : {}),
    fieldConfig: { defaults, overrides: common.columns ?? [] },
    options: options as Options & Record<string, unknown>,
  };
}

/** Lines over time; with thresholds a dashed line at each. */
export function lines(common: Common & { stack?: boolean; steps?: boolean }): Piece<timeSeries.Options, timeSeries.FieldConfig> {
  return piece<timeSeries.Options, timeSeries.FieldConfig>('timeseries', common, {
    legend: { calcs: ['mean', 'max'], displayMode: LegendDisplayMode.Table, placement: 'bottom', showLegend: true },
    tooltip: { mode: TooltipDisplayMode.Multi, sort: SortOrder.Descending },
  }, fields({ min: 0, ...common }, {
    custom: {
      fillOpacity: common.stack ? 40 : 8,
      showPoints: VisibilityMode.Never,
      ...(common.stack ? { stacking: { group: 'A', mode: StackingMode.Normal } } : {}),
      ...(common.steps ? { lineInterpolation: LineInterpolation.StepAfter } : {}),
      ...(common.thresholds ? { thresholdsStyle: { mode: GraphThresholdsStyleMode.Dashed } } : {}),
    },
  }));
}

const newest: ReduceDataOptions = { calcs: ['lastNotNull'] };

/** One number, or one for each series, over the curve it comes from. */
export function number(common: Common): Piece<stat.Options> {
  return piece<stat.Options, Record<string, unknown>>('stat', { height: 4, ...common }, {
    colorMode: common.thresholds ? BigValueColorMode.Background : BigValueColorMode.Value,
    graphMode: BigValueGraphMode.Area,
    justifyMode: BigValueJustifyMode.Auto,
    orientation: VizOrientation.Auto,
    percentChangeColorMode: PercentChangeColorMode.Standard,
    reduceOptions: newest,
    showPercentChange: false,
    textMode: BigValueTextMode.Auto,
    wideLayout: true,
  }, fields(common, common.thresholds ? {} : { color: { mode: FieldColorModeId.Fixed, fixedColor: 'blue' } }));
}

/** Bars that compare the newest values. */
export function bars(common: Common): Piece<barGauge.Options> {
  return piece<barGauge.Options, Record<string, unknown>>('bargauge', common, {
    displayMode: BarGaugeDisplayMode.Gradient,
    legend: { calcs: [], displayMode: LegendDisplayMode.List, placement: 'bottom', showLegend: false },
    maxVizHeight: 300,
    minVizHeight: 16,
    minVizWidth: 8,
    namePlacement: BarGaugeNamePlacement.Auto,
    orientation: VizOrientation.Horizontal,
    reduceOptions: newest,
    showUnfilled: true,
    sizing: BarGaugeSizing.Auto,
    valueMode: BarGaugeValueMode.Color,
  }, fields({ min: 0, ...common }, common.thresholds ? {} : { color: { mode: FieldColorModeId.ContinuousBlPu } }));
}

/** A Prometheus histogram over time: its buckets as rows, exemplars as points. */
export function buckets(common: Common): Piece<heatMap.Options, heatMap.FieldConfig> {
  return piece<heatMap.Options, heatMap.FieldConfig>('heatmap', common, {
    calculate: false,
    cellGap: 1,
    color: { mode: 'scheme' as heatMap.HeatmapColorMode, scheme: 'Blues', exponent: 0.5, fill: 'blue', reverse: true, steps: 64 },
    exemplars: { color: 'rgba(255,120,10,0.8)' },
    filterValues: { le: 1e-9 },
    legend: { show: true },
    showValue: VisibilityMode.Never,
    tooltip: { mode: TooltipDisplayMode.Single, yHistogram: true },
    yAxis: { unit: common.unit },
  }, { custom: { scaleDistribution: { type: ScaleDistribution.Linear } } });
}

/** A row of coloured cells over time for each series. */
export function cells(common: Common): Piece<history.Options, history.FieldConfig> {
  return piece<history.Options, history.FieldConfig>('status-history', common, {
    colWidth: 0.98,
    legend: { calcs: [], displayMode: LegendDisplayMode.List, placement: 'bottom', showLegend: false },
    rowHeight: 0.95,
    showValue: VisibilityMode.Never,
    tooltip: { mode: TooltipDisplayMode.Single, sort: SortOrder.None },
  }, fields(common, { color: { mode: FieldColorModeId.ContinuousYlRd }, custom: { fillOpacity: 90 } }));
}

/** Rows of labels and values. */
export function rows(common: Common): Piece<table.Options, table.FieldConfig> {
  return piece<table.Options, table.FieldConfig>('table', common, { frameIndex: 0, showHeader: true }, fields(common, {
    custom: { align: 'auto', cellOptions: { type: TableCellDisplayMode.Auto }, inspect: false },
  }));
}

/** A table whose cells are coloured by their values, from yellow (min) to red (max). */
export function matrix(common: Common & { min: number; max: number }): Piece<table.Options, table.FieldConfig> {
  return piece<table.Options, table.FieldConfig>('table', common, { frameIndex: 0, showHeader: true, cellHeight: 'sm' as table.Options['cellHeight'] & string }, fields(common, {
    color: { mode: FieldColorModeId.ContinuousYlRd },
    custom: {
      align: 'center',
      cellOptions: { type: TableCellDisplayMode.ColorBackground, mode: TableCellBackgroundDisplayMode.Basic },
      inspect: false,
      minWidth: 44,
    },
  }));
}
