export { authorizationOf } from './authorization';
export {
  type HttpClient,
  LogEntriesApi,
  type LogEntriesApiOptions,
  type Page,
  PAGE_BYTES_LIMIT,
  PAGE_LIMIT,
  type PageFailure,
  type PageQuery,
  RECORD_LIMIT,
} from './log-entries-api';
export { halvesOf, type TimeWindow } from './time-window';
export { READER_DELAYS, type ReaderDelays, type WindowContent, WindowReader } from './window-reader';
