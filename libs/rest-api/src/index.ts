export { authorizationOf } from './authorization';
export {
  type HttpGetter,
  LogEntriesApi,
  type LogEntriesApiOptions,
  type Page,
  PAGE_BYTES_LIMIT,
  PAGE_LIMIT,
  type PageQuery,
  RECORD_LIMIT,
  type Trouble,
} from './log-entries-api';
export { halvesOf, type TimeWindow } from './time-window';
export { READER_WAITS, type ReaderWaits, type WindowContent, WindowReader } from './window-reader';
